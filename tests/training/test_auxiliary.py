from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from test_datasets import save, save_class_folders

from training import fer2013
from training.auxiliary import learned_from, with_auxiliary
from training.checkpoint import read_checkpoint
from training.datasets import KINDS
from training.fer2013 import DatasetError
from training.train import Configuration, configuration_from, run
from training.trained import flat


@pytest.fixture
def dataset(dataset_folder: Path) -> fer2013.Fer2013:
    return fer2013.load(dataset_folder)


def test_another_data_sets_pictures_are_learned_from_too(dataset: fer2013.Fer2013, tmp_path: Path) -> None:
    pictures = save_class_folders(tmp_path / "mine", seed=7)
    by_folder = sorted(range(7), key=lambda label: fer2013.LABELS[label])
    train, lines = with_auxiliary(dataset, [f"folder={tmp_path / 'mine'}"])
    assert len(train) == len(dataset.train) + 7
    np.testing.assert_array_equal(train.pictures[-7:], pictures[by_folder])
    assert train.labels[-7:].tolist() == by_folder
    assert lines == ["folder: 7 of 7 pictures are in no test split"]


def test_test_pictures_among_them_are_refused_also_when_mirrored(dataset: fer2013.Fer2013, tmp_path: Path) -> None:
    save_class_folders(tmp_path / "mine", seed=7)
    save(tmp_path / "mine" / "angry" / "leaked.png", dataset.private_test.pictures[0])
    save(tmp_path / "mine" / "sad" / "mirrored.png", dataset.public_test.pictures[3][:, ::-1])
    train, lines = with_auxiliary(dataset, [f"folder={tmp_path / 'mine'}"])
    assert len(train) == len(dataset.train) + 7
    assert lines == ["folder: 7 of 9 pictures are in no test split"]


def test_they_have_no_votes_of_annotators(dataset: fer2013.Fer2013, tmp_path: Path) -> None:
    save_class_folders(tmp_path / "mine", seed=7)
    voted = fer2013.Split("train", dataset.train.pictures, dataset.train.labels, np.ones((128, 7), np.float32) / 7)
    with_votes = replace(dataset, train=voted)
    train, _ = with_auxiliary(with_votes, [f"folder={tmp_path / 'mine'}"])
    assert train.ferplus is not None
    assert not train.ferplus[-7:].any()
    assert train.ferplus[:-7].all()


@pytest.mark.parametrize("wrong", ["jaffe", "affectnet=/data", "=/data"])
def test_what_is_no_kind_and_folder_is_an_error(dataset: fer2013.Fer2013, wrong: str) -> None:
    with pytest.raises(DatasetError, match="jaffe=DIR, ckplus=DIR, folder=DIR"):
        with_auxiliary(dataset, [wrong])


@pytest.mark.parametrize("auxiliary", ["ckplus, jaffe", ["jaffe=/data/jaffe", "ckplus=/data"], ("ckplus=a", "jaffe=b")])
def test_it_is_known_of_a_member_what_it_learned_from(auxiliary: object) -> None:
    training = {"architecture": "vgg", "auxiliary": auxiliary}
    assert learned_from(training, "jaffe")
    assert learned_from(training, "ckplus")
    assert not learned_from(training, "folder")
    assert not learned_from(training, "fer2013")


@pytest.mark.parametrize("training", [{}, {"auxiliary": ""}, {"auxiliary": []}])
def test_a_member_that_saw_only_fer2013_can_be_measured_on_any_other_data_set(training: dict[str, object]) -> None:
    assert not any(learned_from(training, kind) for kind in KINDS)


def test_a_run_carries_what_else_it_learned_from(dataset_folder: Path, tmp_path: Path) -> None:
    save_class_folders(tmp_path / "mine", seed=7)
    also = (f"folder={tmp_path / 'mine'}",)
    configuration = Configuration("baseline", epochs=1, batch_size=32, learning_rate=0.01, auxiliary=also)
    run(configuration, dataset_folder, tmp_path / "run")
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoint.npz")
    assert configuration_from(checkpoint.configuration) == configuration
    assert flat(checkpoint.configuration)["auxiliary"] == "folder", "where it stood is nobody's business"
    assert learned_from(flat(checkpoint.configuration), "folder")
    run(configuration, dataset_folder, tmp_path / "run")  # is the same run
    with pytest.raises(click.ClickException, match="another configuration"):
        run(Configuration("baseline", epochs=1, batch_size=32, learning_rate=0.01), dataset_folder, tmp_path / "run")
