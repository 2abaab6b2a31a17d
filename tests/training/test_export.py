from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures

from training import manifest
from training.checkpoint import Checkpoint
from training.export import SIGNATURE, export, flat, logits_of, read_exported, rebuild
from training.lite import FLOAT_FILE, INT8_FILE, LiteMember
from training.measures import softmax
from training.quantise import quantised
from training.train import Configuration
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


@pytest.mark.parametrize("name", TRANSFER)
def test_a_transfer_network_is_rebuilt_without_the_weights_its_backbone_came_with(name: str) -> None:
    trained = TRANSFER[name]()
    configuration = asdict(Configuration(name, backbone_weights="imagenet"))
    rebuilt = rebuild(Checkpoint(configuration, 3, [], [weight.numpy() for weight in trained.weights], []))
    picture = made_up_pictures(1, seed=5)[0]
    np.testing.assert_allclose(logits_of(rebuilt, picture), logits_of(trained, picture), rtol=1e-4, atol=1e-4)


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


def test_int8_stands_beside_float_and_says_nearly_the_same(tmp_path: Path) -> None:
    folder = export("five_layer", 1, tmp_path, checkpoint_with_random_weights("five_layer"), 1.0)
    pictures, _ = made_up_pictures(14, seed=3)
    (folder / INT8_FILE).write_bytes(quantised(folder))
    assert (folder / INT8_FILE).stat().st_size < 0.6 * (folder / FLOAT_FILE).stat().st_size
    exact, coarse = (LiteMember(folder / name).probabilities(pictures) for name in (FLOAT_FILE, INT8_FILE))
    np.testing.assert_allclose(coarse, exact, atol=0.1)
    assert (coarse != exact).any()
    (folder / "full").write_bytes(quantised(folder, pictures))
    np.testing.assert_allclose(LiteMember(folder / "full").probabilities(pictures).sum(axis=1), 1.0, atol=0.02)


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
    for one, other in zip(again.averaged, checkpoint.averaged, strict=True):
        np.testing.assert_array_equal(one, other)
