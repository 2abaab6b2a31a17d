import json
from pathlib import Path

import numpy as np
import pytest
from conftest import made_up_pictures
from test_export import checkpoint_with_random_weights

from contracts.members import Vote
from training import card_experiments, manifest, mirroring
from training.export import export
from training.fer2013 import Split
from training.lite import FLOAT_FILE, LiteMember


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export("one", 2, folder, checkpoint_with_random_weights("five_layer"), 1.3, mirrored=True)
    export("other", 1, folder, checkpoint_with_random_weights("baseline"), 1.0)
    manifest.record_votes(folder, {"default": Vote({"one": 0.5, "other": 0.5})})
    return folder


def test_the_plain_twin_has_the_same_weights_and_does_not_see_the_mirrored_crop(models: Path, tmp_path: Path) -> None:
    files = mirroring.both_forms(models, tmp_path)
    assert set(files["plain"]) == set(files["mirrored"]) == {"one", "other"}
    assert files["mirrored"]["one"] == models / "one" / "2" / FLOAT_FILE, "it is served so"
    assert files["plain"]["other"] == models / "other" / "1" / FLOAT_FILE
    pictures, _ = made_up_pictures(5, seed=3)
    turned = np.ascontiguousarray(pictures[:, :, ::-1])
    plain, mirrored = (LiteMember(files[form]["one"]) for form in mirroring.FORMS)
    logs = [np.log(plain.probabilities(each)) for each in (pictures, turned)]
    mean = np.exp((logs[0] + logs[1]) / 2)
    np.testing.assert_allclose(mirrored.probabilities(pictures), mean / mean.sum(axis=1, keepdims=True), atol=2e-3)


def test_gain_and_cost_are_measured_and_told(models: Path, tmp_path: Path) -> None:
    pictures, labels = made_up_pictures(20, seed=4)
    splits = [Split(name, pictures, labels) for name in ("public_test", "private_test")]
    weights = {"one": 0.5, "other": 0.5}
    measured = mirroring.compare(mirroring.both_forms(models, tmp_path), weights, {"one"}, splits)
    assert set(measured) == {"one", "other", "vote"}
    served = measured["one"]["mirrored"]["ms_per_crop"] + measured["other"]["plain"]["ms_per_crop"]
    assert measured["vote"]["mirrored"]["ms_per_crop"] == served, "the other is never mirrored in the vote"
    alone = mirroring.compare(mirroring.both_forms(models, tmp_path), {"other": 1.0}, {"one"}, splits)
    assert alone["vote"]["mirrored"]["private_test"] == alone["other"]["plain"]["private_test"]
    assert 0.0 <= measured["one"]["plain"]["private_test"] <= 1.0
    experiment = {"members": {"one": 2, "other": 1}, "weights": weights, "measured": measured}
    told = card_experiments.what_was_tried({"mirroring": json.loads(json.dumps(experiment))})
    assert "the default vote, of `one` 2 (50%), `other` 1 (50%), it is worth" in told
    times = measured["vote"]["mirrored"]["ms_per_crop"] / measured["vote"]["plain"]["ms_per_crop"]
    assert f"{times:.1f} times the work" in told
