import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures

from training import train
from training.augmentation import Augmentation, augment
from training.train import RECIPES, Configuration, Trainer, untrained
from training.zoo import face_mobilenet
from training.zoo.face_mobilenet import ENLARGED, FACES, PIXEL_MEAN, build
from training.zoo.tfjs import read_weights

PICTURES = made_up_pictures(16, seed=3)[0][..., None]


def features_of(model: keras.Model) -> keras.Model:
    """The network up to what its head reads, float [n, 1024]."""
    return keras.Model(model.input, model.get_layer("logits").input)


def kerass_own_mobilenet() -> keras.Model:
    """Keras's MobileNet with the weights of the package, for colour pictures of the enlarged size."""
    side, weights = 48 * ENLARGED, read_weights(FACES)
    model = keras.applications.MobileNet(
        input_shape=(side, side, 3), include_top=False, weights=None, pooling="avg", dropout=0.0
    )
    for layer in model.layers:
        name = layer.name.removesuffix("_bn")
        if layer.name.endswith("_bn"):
            beta = weights[f"{name}_bn/batchnorm_1/sub"]
            gamma = weights.get(f"{name}_bn/batchnorm_1/mul", np.ones_like(beta)) * np.sqrt(1.0 + layer.epsilon)
            layer.set_weights([gamma, beta, np.zeros_like(beta), np.ones_like(beta)])
        elif layer.weights:
            kind = "depthwise_kernel" if "_dw_" in name else "convolution/merged_input"
            layer.set_weights([weights[f"{name}/{kind}"]])
    return model


def test_it_sees_in_a_gray_picture_what_kerass_mobilenet_of_the_same_weights_sees() -> None:
    enlarged = keras.layers.UpSampling2D(ENLARGED, interpolation="bilinear")(PICTURES.astype(np.float32))
    expected = kerass_own_mobilenet()(np.repeat(np.array(enlarged), 3, axis=-1) - PIXEL_MEAN, training=False)
    seen = features_of(build("vggface"))(PICTURES.astype(np.float32), training=False)
    assert np.ptp(expected, axis=0).max() > 0.1, "the pictures look different to it"
    np.testing.assert_allclose(seen, expected, atol=2e-3)


def test_a_run_begins_with_averages_of_the_unfolded_weights() -> None:
    trainer = Trainer(RECIPES["face_mobilenet"])
    normalisation = trainer.model.get_layer("conv_pw_9_bn")
    np.testing.assert_array_equal(normalisation.moving_variance, 1.0)
    trainer.begin_with(PICTURES)
    assert np.ptp(normalisation.moving_variance) > 0.0
    of_the_model = trainer.averaged[: len(trainer.model.weights)]
    for average, weight in zip(of_the_model, trainer.model.weights, strict=True):
        np.testing.assert_array_equal(average.numpy(), weight.numpy())


def test_it_learns_one_batch_by_heart_with_both_heads_and_keeps_its_first_layers() -> None:
    plain = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0)
    trainer = Trainer(replace(RECIPES["face_mobilenet"], label_smoothing=0.0, augmentation=plain))
    trainer.begin_with(PICTURES)
    stem = trainer.model.get_layer("conv1").get_weights()[0]
    labels = np.eye(7, dtype=np.float32)[made_up_pictures(16, seed=3)[1]]
    annotators = np.roll(labels, 1, axis=1)  # what the second head learns is another answer
    trainer.optimizer.learning_rate.assign(trainer.configuration.learning_rate)
    trainer.averaging.assign(0.5)
    batch = tf.constant(PICTURES), tf.constant(np.concatenate([labels, annotators], axis=1))
    losses = [float(trainer.step(*batch, tf.constant([1, step], tf.int32), 32)[0]) for step in range(30)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0], losses
    np.testing.assert_array_equal(trainer.model.get_layer("conv1").get_weights()[0], stem)


def test_pictures_are_varied_at_the_size_that_it_enlarges_them_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is not varied is learned as the network will be asked about it."""
    plain = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0, mirror=False)
    trainer = Trainer(replace(RECIPES["face_mobilenet"], augmentation=plain))
    trainer.begin_with(PICTURES)
    shown: list[tuple[int, tf.Tensor]] = []

    def spied(*arguments: Any) -> tf.Tensor:
        varied = augment(*arguments)
        shown.append((arguments[-1], varied))
        return varied

    monkeypatch.setattr(train, "augment", spied)
    pictures, labels = tf.cast(PICTURES, tf.float32), tf.zeros([16, 14])
    for resolution in (32, 48):
        trainer._step(PICTURES, labels, tf.constant([1, 0]), resolution)
    assert [side for side, _ in shown] == [32 * ENLARGED, 48 * ENLARGED]
    learned, _ = trainer.behind(shown[1][1], training=False)
    np.testing.assert_allclose(learned, trainer.model(pictures, training=False), atol=1e-2)


def test_its_first_layers_stay_as_they_are() -> None:
    still = {layer.name for layer in build().layers if layer.weights and not layer.trainable}
    assert still == {"conv1", *(f"conv_{kind}_{number}" for kind in ("dw", "pw") for number in (1, 2, 3))}


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("imagenet", "no ImageNet weights"),
        ("missing.json", "no weights file missing.json"),
        ("broken.json", "does not fit"),
        ("other.json", "does not fit"),
    ],
)
def test_weights_that_cannot_be_had_are_an_error_that_says_what_to_do(
    wanted: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("not JSON")
    Path("other.json").write_text(json.dumps({"weightsManifest": []}))
    with pytest.raises(click.ClickException, match=f"{reason}.*make training-env"):
        untrained(Configuration("face_mobilenet", backbone_weights=wanted))


def test_without_the_package_one_is_told_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_mobilenet, "FACES", tmp_path / "faceres.json")
    with pytest.raises(click.ClickException, match=r"no weights file .*faceres.json: `make training-env` gets"):
        untrained(RECIPES["face_mobilenet"])
