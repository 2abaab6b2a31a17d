from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures

from training.augmentation import Augmentation
from training.export import at_full_size, multiply_accumulates
from training.train import Configuration, Trainer
from training.zoo import BUILDERS
from training.zoo.normalisation import BatchNormalization

KNOWN = {  # parameters, multiply-accumulates
    "residual": (1_620_519, 68_495_104),
    "se_residual": (1_585_563, 130_302_912),
    "vgg": (1_167_015, 96_216_832),
    "five_layer": (2_439_463, 21_019_648),
    "baseline": (67_591, 35_833_824),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_answers_seven_float32_logits_a_picture(name: str) -> None:
    logits = BUILDERS[name]()(np.full((3, 48, 48, 1), 128.0, np.float32))
    assert logits.shape == (3, 7)
    assert logits.dtype == tf.float32


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_is_as_large_as_it_was_described(name: str) -> None:
    model = at_full_size(BUILDERS[name]())
    assert (model.count_params(), multiply_accumulates(model)) == KNOWN[name]


def test_the_baseline_is_eight_convolutions_four_pools_and_one_dense_layer() -> None:
    kinds = [type(layer) for layer in BUILDERS["baseline"]().layers]
    counts = [kinds.count(k) for k in (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)]
    assert counts == [8, 4, 1]


@pytest.mark.parametrize("name", ["residual", "se_residual", "vgg"])
def test_the_fully_convolutional_networks_read_smaller_pictures_too(name: str) -> None:
    assert BUILDERS[name]()(np.zeros((1, 32, 32, 1), np.float32)).shape == (1, 7)


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_learns_one_batch_by_heart(name: str) -> None:
    configuration = Configuration(
        name, label_smoothing=0.0, augmentation=Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0)
    )
    trainer = Trainer(replace(configuration, weight_decay=0.0))
    pictures, labels = made_up_pictures(28, seed=0)
    batch = tf.constant(pictures[..., None]), tf.constant(np.eye(7, dtype=np.float32)[labels])
    trainer.optimizer.learning_rate.assign(0.05)
    losses = [float(trainer.step(*batch, tf.constant([1, step], tf.int32), 48)[0]) for step in range(30)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0], losses


def test_the_fused_normalisation_agrees_with_keras_in_training_and_after() -> None:
    pictures = np.random.default_rng(0).normal(3.0, 2.0, (8, 6, 6, 4)).astype(np.float32)
    fused, plain = BatchNormalization(momentum=0.0), keras.layers.BatchNormalization(momentum=0.0)
    for training in (True, False):
        np.testing.assert_allclose(fused(pictures, training=training), plain(pictures, training=training), atol=0.01)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=0.01)  # n - 1 against n
