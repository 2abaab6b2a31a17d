import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import made_up_pictures, write_split

from training import card_experiments, oversampling
from training.checkpoint import Checkpoint
from training.embeddings import EmbeddingMember
from training.experiments import read_experiments, record_experiment
from training.export import export
from training.lite import FLOAT_FILE, LiteMember
from training.train import Configuration
from training.zoo import BUILDERS


def embedded(counts: list[int], seed: int) -> oversampling.Embedded:
    """Clouds in eight dimensions, a label each, that lie partly in one another."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(7), counts)
    centres = np.random.default_rng(0).normal(0.0, 1.0, (7, 8))
    return centres[labels] + random.normal(0.0, 1.0, (len(labels), 8)), labels


@pytest.fixture
def compared() -> dict[str, dict[str, object]]:
    train = embedded([60, 12, 60, 90, 60, 60, 60], seed=1)
    return oversampling.compare({"train": train, "private_test": embedded([20] * 7, seed=2)}, seed=1)


def exported(folder: Path, mirrored: bool) -> None:
    weights = [weight.numpy() for weight in BUILDERS["baseline"]().weights]
    checkpoint = Checkpoint(asdict(Configuration("baseline")), 0, [], weights, [])
    export("small", 3, folder, checkpoint, 1.7, mirrored)


def test_smote_makes_up_examples_until_every_label_has_as_many(compared: dict[str, dict[str, int]]) -> None:
    assert compared["as_it_is"]["examples"] == compared["class_weights"]["examples"] == 402
    assert compared["smote"]["examples"] == 7 * 90
    assert 402 < compared["adasyn"]["examples"] < 8 * 90


def test_each_way_is_measured_on_real_pictures_of_every_split(compared: dict[str, dict[str, dict[str, float]]]) -> None:
    for way in compared.values():
        for split in ("train", "private_test"):
            assert 0.4 < way[split]["accuracy"] <= 1.0
            assert 0.4 < way[split]["macro_recall"] <= 1.0
    plain, balanced = compared["as_it_is"]["train"], compared["smote"]["train"]
    assert balanced["macro_recall"] > plain["macro_recall"]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_members_last_layer_on_its_embeddings_says_what_the_member_says(mirrored: bool, tmp_path: Path) -> None:
    exported(tmp_path, mirrored)
    pictures, _ = made_up_pictures(9, seed=4)
    member = EmbeddingMember(tmp_path, "small")
    seen = member.see(pictures)
    assert (member.version, seen.features.shape) == (3, (9, 288))
    served = LiteMember(tmp_path / "small" / "3" / FLOAT_FILE).probabilities(pictures)
    np.testing.assert_allclose(seen.probabilities, served, atol=2e-3)


def test_recording_an_experiment_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    record_experiment(tmp_path, "search", {"trials": 3, "weight_decay": 0.000123456789})
    record_experiment(tmp_path, "oversampling", {"smote": 0.1234567})
    record_experiment(tmp_path, "oversampling", {"smote": 0.7654321})
    assert read_experiments(tmp_path) == {
        "search": {"trials": 3, "weight_decay": 0.00012346},
        "oversampling": {"smote": 0.76543},
    }


def test_the_command_records_what_the_card_tells(tmp_path: Path, dataset_folder: Path) -> None:
    exported(tmp_path, mirrored=False)
    pictures, labels = made_up_pictures(140, seed=0)
    frequent = (labels != 1) | (np.arange(140) < 70)  # of one label only half
    write_split(dataset_folder, "train", pictures[frequent], labels[frequent])
    arguments = ["--data", str(dataset_folder), "--models", str(tmp_path), "--member", "small"]
    result = CliRunner().invoke(oversampling.main, arguments, catch_exceptions=False)
    assert "smote: train" in result.output
    measured = json.loads((tmp_path / "experiments.json").read_text())["oversampling"]
    assert (measured["member"], measured["version"]) == ("small", 3)
    told = card_experiments.what_was_tried({"oversampling": measured})
    assert told.startswith("## What was tried")
    for word in ("class weights", "SMOTE", "ADASYN", f"{measured['ways']['smote']['private_test']['accuracy']:.2%}"):
        assert word in told
    assert "Search" not in told


def test_the_card_says_nothing_of_experiments_that_were_not_run() -> None:
    assert card_experiments.what_was_tried({}) == ""
