from dataclasses import asdict, replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures
from test_export import checkpoint_with_random_weights
from test_train import TINY, UNCHANGED

from training import precise_bn
from training.checkpoint import Checkpoint
from training.export import logits_of, rebuild
from training.folding import folded_weights
from training.precise_bn import MEASURED_ON, with_precise_bn
from training.zoo.normalisation import BatchNormalization, seen_by

PICTURES = made_up_pictures(96, seed=0)[0]


def normalisations(model: keras.Model) -> list[BatchNormalization]:
    return [layer for layer in model.layers if isinstance(layer, BatchNormalization)]


def a_run(name: str) -> Checkpoint:
    """With a random network's statistics, which are far from those of any pictures."""
    keras.utils.set_random_seed(1)
    checkpoint = checkpoint_with_random_weights(name)
    return replace(checkpoint, variables=checkpoint.averaged)


def exported(checkpoint: Checkpoint) -> Checkpoint:
    """As `read_exported` gives it: folded and without a run's variables."""
    return replace(checkpoint, averaged=folded_weights(rebuild(checkpoint)), variables=[])


@pytest.mark.parametrize("name", ["vgg", "baseline", "five_layer"])
def test_every_normalisation_has_the_statistics_of_what_it_reads_behind_the_new_ones(name: str) -> None:
    checkpoint = a_run(name)
    model = rebuild(checkpoint)
    measured = with_precise_bn(model, checkpoint, PICTURES)
    assert measured.configuration[MEASURED_ON] == 96
    again = rebuild(measured)
    for network in (model, again):
        layers = normalisations(network)
        watched = keras.Model(network.input, [layer.input for layer in layers])
        for layer, seen in zip(layers, watched(tf.cast(PICTURES[..., None], tf.float32)), strict=True):
            mean, variance = tf.nn.moments(seen, range(len(seen.shape) - 1))
            np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-3 + 1e-3 * np.abs(mean).max())
            np.testing.assert_allclose(layer.moving_variance, variance, rtol=2e-2, atol=1e-4)


def test_what_was_folded_into_the_kernels_is_measured_as_if_it_were_not() -> None:
    """A network that learned from unvaried pictures alone has their statistics already."""
    plain = replace(TINY, architecture="vgg", augmentation=replace(UNCHANGED, mixup=0.0))
    checkpoint = replace(a_run("vgg"), configuration=asdict(plain))
    settled = with_precise_bn(rebuild(checkpoint), checkpoint, PICTURES)
    folded = exported(replace(settled, configuration=asdict(plain)))
    measured = with_precise_bn(rebuild(folded), folded, PICTURES)
    before, after = (logits_of(rebuild(each), PICTURES) for each in (folded, measured))
    np.testing.assert_allclose(after, before, atol=1e-2)


def test_a_folded_network_that_learned_from_varied_pictures_answers_as_the_run_does() -> None:
    recipe = replace(TINY, architecture="vgg")
    checkpoint = replace(a_run("vgg"), configuration=asdict(recipe))
    model = rebuild(checkpoint)
    layers = normalisations(model)
    some = PICTURES[..., None]
    for _ in range(len(layers)):  # as training leaves it: each layer's statistics those of varied pictures
        seen = seen_by(layers, model, precise_bn.varied(some, recipe.augmentation))
        for layer, (mean, variance) in zip(layers, seen, strict=True):
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)
    learned = replace(checkpoint, averaged=[weight.numpy() for weight in model.weights])
    folded = exported(learned)
    learned_logits, of_run, of_folded = (
        logits_of(rebuild(each), PICTURES)
        for each in (
            learned,
            with_precise_bn(rebuild(learned), learned, PICTURES),
            with_precise_bn(rebuild(folded), folded, PICTURES),
        )
    )
    changed = np.abs(of_run - learned_logits).max()
    assert np.abs(of_folded - of_run).max() < 0.2 * changed


def test_statistics_are_measured_once_and_dropouts_and_momentum_stay_as_they_were() -> None:
    checkpoint = a_run("baseline")
    model = rebuild(checkpoint)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    momenta = [layer.momentum for layer in normalisations(model)]
    measured = with_precise_bn(model, checkpoint, PICTURES)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == rates
    assert [layer.momentum for layer in normalisations(model)] == momenta
    assert with_precise_bn(rebuild(measured), measured, PICTURES) is measured


def test_a_second_head_behind_the_model_and_frozen_layers_stay_as_they_are() -> None:
    second = [np.ones((4, 7), np.float32), np.ones(7, np.float32)]
    checkpoint = a_run("vgg")
    checkpoint = replace(checkpoint, averaged=[*checkpoint.averaged, *second])
    model = rebuild(checkpoint)
    first = normalisations(model)[0]
    first.trainable = False
    learned = first.moving_mean.numpy()
    measured = with_precise_bn(model, checkpoint, PICTURES)
    assert all(one is other for one, other in zip(measured.averaged[-2:], second, strict=True))
    np.testing.assert_array_equal(first.moving_mean, learned)
    assert len(measured.averaged) == len(checkpoint.averaged)
