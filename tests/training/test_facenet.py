import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures

from training.augmentation import Augmentation
from training.train import RECIPES, Configuration, Trainer, untrained
from training.zoo import facenet
from training.zoo.facenet import ENLARGED, FACENET, FROZEN, PIXEL_CENTRE, PIXEL_SPREAD, build
from training.zoo.normalisation import BatchNormalization

PICTURES = made_up_pictures(8, seed=3)[0][..., None]

LAST = "Block17_5_Activation"

Layer = Callable[[list[Any]], Any]


def stored_weights(group: h5py.Group, name: str) -> dict[str, np.ndarray]:
    """The file's weights of one layer, by their own names."""
    return {key.removesuffix(":0"): value[...] for key, value in group.get(f"{name}/{name}", {}).items()}


def as_the_file_tells(kind: str, settings: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> Layer:
    """One layer of FaceNet as its file describes it, without Keras's own classes: inputs -> output."""
    ops = keras.ops
    match kind:
        case "Conv2D":
            strides, padding, bias = settings["strides"][0], settings["padding"], weights.get("bias", 0.0)
            return lambda x: ops.conv(x[0], weights["kernel"], strides, padding) + bias
        case "BatchNormalization":
            spread = np.sqrt(weights["moving_variance"] + settings["epsilon"])
            return lambda x: (x[0] - weights["moving_mean"]) / spread + weights["beta"]
        case "Activation":
            return lambda x: ops.relu(x[0])
        case "MaxPooling2D":
            return lambda x: ops.max_pool(x[0], settings["pool_size"], settings["strides"], settings["padding"])
        case "Concatenate":
            return lambda x: ops.concatenate(x, axis=-1)
        case "Lambda":  # scales what the branches found
            return lambda x: x[0] * settings["arguments"]["scale"]
        case "Add":
            return lambda x: x[0] + x[1]
    raise AssertionError(kind)


def facenet_as_its_file_describes_it(pictures: np.ndarray) -> np.ndarray:
    """Colour pictures float32 [n, h, w, 3] as FaceNet wants them -> what its fifth block of 17 gives [n, 7, 7, 896]."""
    with h5py.File(FACENET) as file:
        described = json.loads(file.attrs["model_config"])["config"]["layers"]
        seen = {described[0]["name"]: pictures}
        for layer in described[1:]:
            kind, name, (nodes,) = layer["class_name"], layer["name"], layer["inbound_nodes"]
            weights = stored_weights(file["model_weights"], name)
            seen[name] = as_the_file_tells(kind, layer["config"], weights)([seen[node[0]] for node in nodes])
            if name == LAST:
                break
    return np.array(seen[LAST])


def test_it_sees_in_a_gray_picture_what_the_network_sees_that_its_file_describes() -> None:
    enlarged = np.array(keras.layers.UpSampling2D(ENLARGED, interpolation="bilinear")(PICTURES.astype(np.float32)))
    standardised = (np.repeat(enlarged, 3, axis=-1) - PIXEL_CENTRE) / PIXEL_SPREAD
    expected = facenet_as_its_file_describes_it(standardised).mean(axis=(1, 2))
    model = build("msceleb")
    seen = keras.Model(model.input, model.get_layer("logits").input)(PICTURES.astype(np.float32), training=False)
    assert np.ptp(expected, axis=0).max() > 0.1, "the pictures look different to it"
    np.testing.assert_allclose(seen, expected, atol=2e-3)


def test_it_learns_one_batch_by_heart_and_keeps_its_first_layers_with_their_statistics() -> None:
    plain = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0)
    trainer = Trainer(replace(RECIPES["facenet"], label_smoothing=0.0, augmentation=plain))
    trainer.begin_with(PICTURES)
    still = [layer for layer in trainer.model.layers if layer.name.startswith(FROZEN)]
    assert {type(layer) for layer in still} == {keras.layers.Conv2D, BatchNormalization}
    before = [layer.get_weights() for layer in still]
    labels = np.eye(7, dtype=np.float32)[made_up_pictures(8, seed=3)[1]]
    trainer.optimizer.learning_rate.assign(trainer.configuration.learning_rate)
    trainer.averaging.assign(0.5)
    batch = tf.constant(PICTURES), tf.constant(np.concatenate([labels, labels], axis=1))
    losses = [float(trainer.step(*batch, tf.constant([1, step], tf.int32), 32)[0]) for step in range(15)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0], losses
    for layer, weights in zip(still, before, strict=True):
        for weight, value in zip(layer.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("imagenet", r"no such weights \(imagenet\)"),
        ("vggface", r"no such weights \(vggface\)"),
        ("missing.h5", "no weights file missing.h5"),
        ("broken.h5", "does not fit"),
        ("other.h5", "does not fit"),
    ],
)
def test_weights_that_cannot_be_had_are_an_error_that_says_what_to_do(
    wanted: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.h5").write_text("not HDF5")
    with h5py.File("other.h5", "w") as file:
        file.create_group("model_weights")
    with pytest.raises(click.ClickException, match=f"{reason}.*make training-env"):
        untrained(Configuration("facenet", backbone_weights=wanted))


def test_without_the_package_one_is_told_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facenet, "FACENET", tmp_path / "facenet.h5")
    with pytest.raises(click.ClickException, match=r"no weights file .*facenet.h5: `make training-env` gets"):
        untrained(RECIPES["facenet"])
