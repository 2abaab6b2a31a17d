from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from conftest import made_up_pictures, write_split

from training import manifest
from training.checkpoint import Checkpoint, write_checkpoint
from training.export import SIGNATURE, export, logits_of, main, rebuild
from training.folding import folded_weights
from training.lite import FLOAT_FILE, LiteMember
from training.measures import softmax
from training.precise_bn import MEASURED_ON
from training.train import Configuration
from training.trained import flat, read_exported
from training.zoo import BUILDERS, FROM_SCRATCH, TRANSFER

MODELS = Path(__file__).parents[2] / "models"
TEMPERATURE = 1.7


def saved_model_probabilities(folder: Path, pictures: np.ndarray) -> np.ndarray:
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return serve(crops=tf.constant(pictures[..., None]))["probabilities"].numpy()


def float32_lite_probabilities(folder: Path, pictures: np.ndarray) -> np.ndarray:
    """Of the SavedModel in `folder`, converted without rounding its weights."""
    (folder / "float32").mkdir()
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[SIGNATURE])
    (folder / "float32" / "model.tflite").write_bytes(converter.convert())
    return LiteMember(folder / "float32" / FLOAT_FILE).probabilities(pictures)


def checkpoint_with_random_weights(name: str) -> Checkpoint:
    """Statistics as a trained network has them: means around 0, variances around 1."""
    random = np.random.default_rng(0)
    weights = [
        weight.numpy() + np.abs(random.normal(0.0, 0.1, weight.shape)).astype(np.float32)
        if "kernel" not in weight.path
        else weight.numpy()
        for weight in BUILDERS[name]().weights
    ]
    return Checkpoint(asdict(Configuration(name)), 3, variables=[], averaged=weights, optimizer=[])


@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_an_exported_network_answers_the_same_in_all_three_forms(name: str, tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights(name)
    folder = export(name, 4, tmp_path, checkpoint, TEMPERATURE)
    pictures = made_up_pictures(9, seed=5)[0]

    from_keras = softmax(logits_of(rebuild(checkpoint), pictures) / TEMPERATURE)
    from_saved_model = saved_model_probabilities(folder, pictures)
    from_lite = LiteMember(folder / FLOAT_FILE).probabilities(pictures)

    assert folder == tmp_path / name / "4"
    assert from_lite.dtype == np.float32
    np.testing.assert_allclose(from_saved_model, from_keras, atol=1e-4)
    np.testing.assert_allclose(from_lite, from_saved_model, atol=1e-3)
    described = manifest.read_manifest(tmp_path)["members"][name]
    assert described["sha256"] == manifest.hashes(folder)
    assert described["training"] == flat(checkpoint.configuration) | {"epochs_trained": 3}
    np.testing.assert_allclose(float32_lite_probabilities(folder, pictures), from_saved_model, atol=1e-5)


def gratings(count: int) -> np.ndarray:
    """Stripes that differ in direction, width and brightness, which even a random backbone tells apart."""
    across, along = np.meshgrid(np.arange(48), np.arange(48))
    pictures = []
    for k in range(count):
        phase = (across * np.cos(0.45 * k) + along * np.sin(0.45 * k)) * (0.2 + 0.15 * k)
        pictures.append((np.sin(phase) > 0.0) * 255 * (k + 1) // count)
    return np.stack(pictures).astype(np.uint8)


def take_up_statistics(model: keras.Model, pictures: np.ndarray) -> None:
    """Half of the pictures' own: with all of them, each layer of random weights magnifies float16's rounding."""
    (backbone,) = [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]
    backbone.trainable = True  # a frozen layer's statistics stay as they are
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    model(pictures[..., None].astype(np.float32), training=True)


# Not in float32 as well, as above: that is one more conversion of up to 39 million weights.
@pytest.mark.parametrize("name", TRANSFER)
def test_an_exported_transfer_network_needs_no_backbone_weights_and_answers_as_it_did(
    name: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(1)
    # Random and not yet normalised, face_mobilenet's first layers saturate on every picture.
    trained = TRANSFER[name]("vggface") if name == "face_mobilenet" else TRANSFER[name]()
    pictures = gratings(7)
    take_up_statistics(trained, pictures)
    configuration = asdict(Configuration(name, backbone_weights="imagenet"))
    weights = [weight.numpy() for weight in trained.weights]
    folder = export(name, 1, tmp_path, Checkpoint(configuration, 3, [], weights, []), TEMPERATURE)

    from_keras = softmax(logits_of(trained, pictures) / TEMPERATURE)
    from_saved_model = saved_model_probabilities(folder, pictures)
    from_lite = LiteMember(folder / FLOAT_FILE).probabilities(pictures)

    differences = np.ptp(from_keras, axis=0).max()  # between pictures
    np.testing.assert_allclose(from_saved_model, from_keras, atol=min(1e-3, 0.1 * differences))
    np.testing.assert_allclose(from_lite, from_saved_model, atol=min(1e-3, 0.1 * differences))


def test_the_warm_up_is_a_record_of_one_predict_request(tmp_path: Path) -> None:
    from tensorflow_serving.apis import prediction_log_pb2

    folder = export("baseline", 1, tmp_path, checkpoint_with_random_weights("baseline"), TEMPERATURE)
    records = list(tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests")))
    assert len(records) == 1
    request = prediction_log_pb2.PredictionLog.FromString(records[0].numpy()).predict_log.request
    assert (request.model_spec.name, request.model_spec.signature_name) == ("baseline", "serving_default")
    assert tf.make_ndarray(request.inputs["crops"]).shape == (4, 48, 48, 1)


def test_the_batch_size_may_change_from_call_to_call(tmp_path: Path) -> None:
    member = LiteMember(
        export("five_layer", 1, tmp_path, checkpoint_with_random_weights("five_layer"), 1.0) / FLOAT_FILE
    )
    pictures = made_up_pictures(5, seed=1)[0]
    together = member.probabilities(pictures)
    alone = np.concatenate([member.probabilities(pictures[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


COMMITTED = manifest.read_manifest(MODELS)


@pytest.mark.parametrize("name", COMMITTED["members"])
def test_a_committed_member_answers_the_same_as_saved_model_and_as_lite_model(name: str) -> None:
    described = COMMITTED["members"][name]
    folder = MODELS / name / str(described["version"])
    pictures = made_up_pictures(16, seed=3)[0]
    assert manifest.hashes(folder) == described["sha256"]
    np.testing.assert_allclose(
        LiteMember(folder / FLOAT_FILE).probabilities(pictures), saved_model_probabilities(folder, pictures), atol=1e-3
    )


def test_the_committed_votes_name_committed_members_and_sum_to_one() -> None:
    for vote in COMMITTED["votes"].values():
        assert set(vote["weights"]) <= set(COMMITTED["members"])
        assert sum(vote["weights"].values()) == pytest.approx(1.0)


def test_the_committed_members_take_less_than_seventy_megabytes() -> None:
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 70e6


def test_a_saved_model_holds_folded_kernels_in_half_precision(tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights("vgg")
    folder = export("vgg", 1, tmp_path, checkpoint, 1.0)
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    for number, weight in enumerate(folded_weights(rebuild(checkpoint))):
        stored = reader.get_tensor(f"weights/{number}/.ATTRIBUTES/VARIABLE_VALUE")
        assert stored.dtype == (np.float16 if weight.ndim > 1 else np.float32)
        np.testing.assert_allclose(stored, weight.astype(stored.dtype), rtol=1e-3)


def test_a_mirrored_member_says_the_same_of_a_picture_and_its_mirror_image(tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights("five_layer")
    plain = export("plain", 1, tmp_path, checkpoint, 1.0)
    mirrored = export("mirrored", 1, tmp_path, checkpoint, 1.0, mirrored=True)
    pictures, _ = made_up_pictures(7, seed=5)
    turned = np.ascontiguousarray(pictures[:, :, ::-1])
    both = LiteMember(mirrored / FLOAT_FILE)
    np.testing.assert_allclose(both.probabilities(pictures), both.probabilities(turned), atol=1e-3)
    logs = [np.log(LiteMember(plain / FLOAT_FILE).probabilities(each)) for each in (pictures, turned)]
    mean = np.exp((logs[0] + logs[1]) / 2)
    np.testing.assert_allclose(both.probabilities(pictures), mean / mean.sum(axis=1, keepdims=True), atol=2e-3)


def test_an_exported_version_can_be_exported_again_with_the_same_weights(tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights("five_layer")
    checkpoint.configuration["teachers"] = ("vgg/1/model.tflite", "residual/2/model.tflite")
    folder = export("small", 1, tmp_path, checkpoint, 1.0)
    again = read_exported(folder, manifest.read_manifest(tmp_path)["members"]["small"])
    assert (again.configuration, again.epoch) == (checkpoint.configuration, checkpoint.epoch)
    assert {weight.dtype for weight in again.averaged} == {np.dtype(np.float32)}
    repeated = export("small", 2, tmp_path, again, 1.0)
    twice = read_exported(repeated, manifest.read_manifest(tmp_path)["members"]["small"])
    for one, other in zip(twice.averaged, again.averaged, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-7)  # a unit of half precision
    pictures = made_up_pictures(7, seed=3)[0]
    np.testing.assert_allclose(
        LiteMember(repeated / FLOAT_FILE).probabilities(pictures),
        softmax(logits_of(rebuild(checkpoint), pictures)),
        atol=2e-3,
    )


def test_a_version_that_the_manifest_no_longer_tells_of_is_not_exported_again_under_anothers_recipe(
    tmp_path: Path,
) -> None:
    for version in (1, 2):
        export("baseline", version, tmp_path, checkpoint_with_random_weights("baseline"), 1.0)
    result = CliRunner().invoke(main, [f"{tmp_path}/baseline/1", "--version", "3", "--data", str(tmp_path)])
    assert (result.exit_code, "models.toml tells of version 2" in result.output) == (1, True)


def test_a_network_that_diverged_is_not_exported(dataset_folder: Path, tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights("baseline")
    spoiled = [np.full_like(weight, np.nan) for weight in checkpoint.averaged]
    told = checkpoint.configuration | {MEASURED_ON: 1}
    write_checkpoint(tmp_path / "checkpoint.npz", replace(checkpoint, averaged=spoiled, configuration=told))
    arguments = [str(tmp_path), "--version", "1", "--member", "lost", "--models", str(tmp_path / "models")]
    ended = CliRunner().invoke(main, [*arguments, "--data", str(dataset_folder)])
    assert (ended.exit_code, "it diverged" in ended.output) == (1, True)
    assert not (tmp_path / "models" / "lost").exists()


def test_a_version_that_is_exported_again_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    checkpoint = checkpoint_with_random_weights("baseline")
    folder = export("baseline", 1, tmp_path, checkpoint, TEMPERATURE)
    (folder / "of_the_old_one").touch()
    assert export("baseline", 1, tmp_path, checkpoint, TEMPERATURE) == folder
    assert (folder / FLOAT_FILE).is_file()
    assert not (folder / "of_the_old_one").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_temperature_is_fitted_to_the_public_test(dataset_folder: Path, tmp_path: Path) -> None:
    """The network is always right about the public test, and always wrong about the private one."""
    keras.utils.set_random_seed(3)
    checkpoint = checkpoint_with_random_weights("baseline")
    checkpoint = replace(checkpoint, configuration=checkpoint.configuration | {MEASURED_ON: 1})
    (tmp_path / "run").mkdir()
    write_checkpoint(tmp_path / "run" / "checkpoint.npz", checkpoint)
    for split, off, seed in (("public_test", 0, 1), ("private_test", 1, 2)):
        pictures = made_up_pictures(28, seed)[0]
        said = logits_of(rebuild(checkpoint), pictures).argmax(axis=1)
        write_split(dataset_folder, split, pictures, ((said + off) % 7).astype(np.uint8))
    arguments = [str(tmp_path / "run"), "--version", "1", "--member", "right", "--models", str(tmp_path / "models")]
    ended = CliRunner().invoke(main, [*arguments, "--data", str(dataset_folder)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert manifest.read_manifest(tmp_path / "models")["members"]["right"]["temperature"] < 1.0
