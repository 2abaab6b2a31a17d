from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from conftest import made_up_pictures
from PIL import Image
from test_export import checkpoint_with_random_weights

from contracts.members import Vote
from training import manifest
from training.explain import explain, grad_cam, main
from training.export import export, rebuild
from training.zoo import TRANSFER


def model_tree(folder: Path) -> Path:
    export("five_layer", 1, folder, checkpoint_with_random_weights("five_layer"), 1.0)
    export("vgg", 1, folder, checkpoint_with_random_weights("vgg"), 1.0, mirrored=True)
    manifest.record_votes(folder, {"default": Vote({"five_layer": 0.5, "vgg": 0.5}, temperature=0.5)})
    return folder


def test_grad_cam_tells_places_of_the_last_convolution_apart() -> None:
    network = rebuild(checkpoint_with_random_weights("vgg"))
    heat = grad_cam(network, made_up_pictures(1, seed=2)[0][0], label=3)
    assert heat.shape == (6, 6)
    assert heat.min() >= 0.0
    assert heat.max() in (0.0, 1.0)


# Senet50's last convolutions are over channels pooled to 1x1; the last that tells places apart stands before them.
@pytest.mark.parametrize(
    ("name", "side"), [("resnet50", 7), ("senet50", 7), ("vgg16", 12), ("inception_v3", 4), ("face_mobilenet", 4)]
)
def test_grad_cam_finds_the_last_convolution_within_a_backbone(name: str, side: int) -> None:
    heat = grad_cam(TRANSFER[name](), made_up_pictures(1, seed=2)[0][0], label=3)
    assert heat.shape == (side, side)
    assert heat.max() in (0.0, 1.0)


def test_grad_cam_of_a_frozen_backbone_is_the_gradient_of_what_follows_its_last_convolution() -> None:
    keras.utils.set_random_seed(1)
    network, crop = TRANSFER["vgg16"](), made_up_pictures(1, seed=2)[0][0]
    centring, backbone, *head = network.layers[-8:]
    before = keras.Model(backbone.input, backbone.get_layer("block5_conv3").output)
    after = keras.Sequential([backbone.get_layer("block5_pool"), *head])
    features = before(keras.Model(network.input, centring.output)(crop[None, :, :, None].astype(np.float32)))
    with tf.GradientTape() as tape:
        tape.watch(features)
        score = after(features)[0, 3]
    weights = tape.gradient(score, features).numpy().mean(axis=(0, 1, 2))
    expected = np.maximum(features[0].numpy() @ weights, 0.0)
    assert expected.max() > 0.0
    np.testing.assert_allclose(grad_cam(network, crop, label=3), expected / expected.max(), atol=1e-4)


def test_each_member_and_the_vote_are_explained_for_one_label(tmp_path: Path) -> None:
    crop = made_up_pictures(1, seed=2)[0][0]
    label, rows = explain(model_tree(tmp_path), crop, label=None)
    assert [row.name for row in rows] == ["five_layer", "vgg", "vote"]
    assert rows[-1].probability >= 1 / 7
    assert all(row.occlusion.shape == (12, 12) for row in rows)
    assert 0 <= label < 7
    # As the platform votes, at the vote's temperature.
    every = [explain(tmp_path, crop, each)[1] for each in range(7)]
    means = np.array([(five_layer.probability + vgg.probability) / 2 for five_layer, vgg, _ in every])
    np.testing.assert_allclose([rows[-1].probability for rows in every], means**2 / (means**2).sum(), rtol=1e-4)


def test_the_command_draws_a_picture_and_refuses_what_is_none(tmp_path: Path) -> None:
    models = model_tree(tmp_path / "models")
    face, output = tmp_path / "face.png", tmp_path / "out.png"
    Image.fromarray(made_up_pictures(1, seed=2)[0][0]).save(face)
    run = CliRunner().invoke(main, [str(face), "--label", "sad", "--output", str(output), "--models", str(models)])
    assert run.exit_code == 0, run.output
    assert "vote: sad" in run.output
    with Image.open(output) as drawn:
        assert drawn.size[0] > 500
    face.write_bytes(b"no picture")
    run = CliRunner().invoke(main, [str(face), "--models", str(models)])
    assert run.exit_code == 1
    assert "can't be read" in run.output
