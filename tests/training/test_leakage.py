import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import made_up_pictures, write_split
from test_train import TINY, UNCHANGED

from training import card_experiments, fer2013, finish, leakage
from training.search import trainer_on
from training.train import Trainer, run

BY_HEART = replace(TINY, architecture="vgg", epochs=30, learning_rate=0.05, label_smoothing=0.0, augmentation=UNCHANGED)


@pytest.fixture
def leaking(dataset_folder: Path) -> Path:
    """Of the private test 14 pictures stand in training, too, half of them mirrored, with labels that nothing tells."""
    pictures, labels = made_up_pictures(128, seed=0)
    private, of_private = made_up_pictures(28, seed=2)
    labels[:14] = of_private[:14] = (of_private[:14] + 3) % 7
    pictures[:14] = private[:14]
    pictures[7:14] = private[7:14, :, ::-1]
    write_split(dataset_folder, "train", pictures, labels)
    write_split(dataset_folder, "private_test", private, of_private)
    return dataset_folder


def test_a_network_that_saw_them_knows_by_heart_what_its_twin_cannot_know(leaking: Path) -> None:
    told = leakage.compare(BY_HEART, fer2013.load(leaking))
    assert told["n"] == {
        "public_test": 28, "private_test": 28, "private_test_duplicates": 14, "private_test_others": 14,
    }  # fmt: skip
    assert (told["left_out"]["pictures"], told["learned"]["pictures"]) == (114, 128)
    assert told["left_out"]["private_test_duplicates"] < 0.3
    assert told["learned"]["private_test_duplicates"] > 0.7


def test_the_figures_are_recorded_and_the_card_tells_them(
    leaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(leakage.RECIPES, "baseline", TINY)
    arguments = ["baseline", "--epochs", "1", "--data", str(leaking), "--models", str(tmp_path)]
    ended = CliRunner().invoke(leakage.main, arguments, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert "left_out: 114 pictures, public_test" in ended.stdout
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["experiments.json"], "a network was kept"
    measured = json.loads((tmp_path / "experiments.json").read_text())["leakage"]
    for way, share in (("left_out", 0.7), ("learned", 0.73)):
        measured[way]["private_test_duplicates"] = share
    told = card_experiments.what_was_tried({"leakage": measured})
    assert "`baseline`, 1 epochs" in told
    assert "its 14 that stand in training" in told
    assert "+3.0 points more of them right, and" in told


def test_a_data_set_whose_splits_share_nothing_is_refused(dataset_folder: Path) -> None:
    with pytest.raises(click.ClickException, match="shares no picture"):
        leakage.compare(TINY, fer2013.load(dataset_folder))


def test_test_pictures_that_stand_in_training_mirrored_count(leaking: Path) -> None:
    tests = leakage.tests_of(fer2013.load(leaking))
    private = fer2013.load(leaking).private_test
    np.testing.assert_array_equal(tests["private_test_duplicates"].pictures, private.pictures[:14])


def test_no_command_learns_from_what_stands_in_a_test_split(
    leaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []

    def train_epoch(_: Trainer, epoch: int, pictures: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        counts.append(len(pictures))
        return 0.0, 0.0

    monkeypatch.setattr(Trainer, "train_epoch", train_epoch)
    run(replace(TINY, epochs=1), leaking, tmp_path / "run")
    finishing = [str(tmp_path / "run"), "--data", str(leaking), "--runs", str(tmp_path)]
    assert CliRunner().invoke(finish.main, finishing, catch_exceptions=False).exit_code == 0
    trainer_on(fer2013.load(leaking))(replace(TINY, epochs=1), lambda epoch, accuracy: None)
    assert counts == [114] * 3
