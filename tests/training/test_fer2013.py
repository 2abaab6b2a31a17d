from pathlib import Path

import click
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from conftest import made_up_pictures, write_split
from test_datasets import csv_rows, save_class_folders, write_csv

from training import confused_pairs, fer2013, leakage, mirroring, oversampling, search, train
from training.kaggle import COLUMNS


def test_the_three_splits_are_read_with_their_labels(dataset_folder: Path) -> None:
    dataset = fer2013.load(dataset_folder)
    assert (len(dataset.train), len(dataset.public_test), len(dataset.private_test)) == (128, 28, 28)
    assert dataset.train.pictures.dtype == np.uint8
    assert list(dataset.train.labels[:8]) == [0, 1, 2, 3, 4, 5, 6, 0]


def test_training_loses_what_stands_in_a_test_split_as_it_is_or_mirrored(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(128, seed=0)
    public, private = made_up_pictures(28, seed=1)[0], made_up_pictures(28, seed=2)[0]
    pictures[5], pictures[17], pictures[99] = public[3], private[4][:, ::-1], private[7]
    write_split(dataset_folder, "train", pictures, labels)

    dataset = fer2013.load(dataset_folder)
    train = dataset.train

    assert (len(train), len(dataset.official_train)) == (125, 128)
    kept = np.delete(np.arange(128), [5, 17, 99])
    assert (train.pictures == pictures[kept]).all()
    assert (train.labels == labels[kept]).all()


def test_a_picture_that_differs_in_one_pixel_is_kept(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(128, seed=0)
    pictures[5] = made_up_pictures(28, seed=1)[0][3]
    pictures[5, 0, 0] += 1
    write_split(dataset_folder, "train", pictures, labels)
    assert len(fer2013.load(dataset_folder).train) == 128


def test_a_missing_file_is_named(dataset_folder: Path) -> None:
    (dataset_folder / "fer2013_train.npz").unlink()
    with pytest.raises(fer2013.DatasetError, match=r"fer2013_train\.npz is missing"):
        fer2013.load(dataset_folder)
    assert len(fer2013.load_split(dataset_folder, "public_test")) == 28, "which needs its own file only"


def test_kaggles_csv_is_read_as_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(tmp_path / "fer2013.csv", csv_rows(), COLUMNS)
    for path in (tmp_path, tmp_path / "fer2013.csv"):
        dataset = fer2013.load(path)
        for seed, split in enumerate((dataset.train, dataset.public_test, dataset.private_test)):
            assert (split.pictures == made_up_pictures(7, seed)[0]).all()
            assert split.labels.tolist() == list(range(7))
            assert split.ferplus is None
        assert (fer2013.load_split(path, "public_test").pictures == dataset.public_test.pictures).all()
    assert capsys.readouterr().err == ""


def test_rows_of_the_csv_that_are_left_out_are_counted_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(tmp_path / "fer2013.csv", [*csv_rows(), (1, "1 2 3", "Training")], COLUMNS)
    assert len(fer2013.load(tmp_path).train) == 7
    said = capsys.readouterr().err
    assert "1 could not be read" in said
    assert "fer2013.csv:23: 3 pixels, not 2304" in said


def test_kaggles_folders_are_read_where_file_names_tell_the_tests_apart(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train", "Training_")
    save_class_folders(tmp_path / "test", "PublicTest_", seed=1)
    private = save_class_folders(tmp_path / "test", "PrivateTest_", seed=2)
    dataset = fer2013.load(tmp_path)
    assert (dataset.private_test.pictures == private[dataset.private_test.labels]).all()
    assert (len(dataset.train), len(dataset.public_test)) == (7, 7)


def test_kaggles_folders_without_such_names_are_refused_with_what_to_take(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train")
    save_class_folders(tmp_path / "test", "im", seed=1)
    with pytest.raises(fer2013.DatasetError, match=r"no public_test and no private_test.*needs fer2013\.csv"):
        fer2013.load(tmp_path)
    assert len(fer2013.load_split(tmp_path, "train")) == 7


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (train.main, ("baseline", "--runs", ".")),
        (search.main, ("baseline", "--runs", ".", "--models", ".")),
        (mirroring.main, ("--models", ".")),
        (leakage.main, ("baseline", "--models", ".")),
        (oversampling.main, ("--models", ".")),
        (confused_pairs.main, ("--models", ".")),
    ],
    ids=("train", "search", "mirroring", "leakage", "oversampling", "confused_pairs"),
)
def test_a_command_without_fer2013_ends_with_one_line(
    command: click.Command, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for of_what in ("intra", "inter"):  # TensorFlow, which runs already, would refuse
        monkeypatch.setattr(tf.config.threading, f"set_{of_what}_op_parallelism_threads", lambda threads: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    ended = CliRunner().invoke(command, [*arguments, "--data", "empty"])
    assert ended.exit_code == 1
    assert isinstance(ended.exception, SystemExit)
    assert ended.stderr.splitlines()[-1].startswith("Error: empty is no FER2013: it has neither fer2013_train.npz")
    assert "Traceback" not in ended.output


def test_labels_in_another_order_are_refused(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(28, seed=1)
    write_split(dataset_folder, "public_test", pictures, labels, label_names=fer2013.LABELS[::-1])
    with pytest.raises(fer2013.DatasetError, match="names its labels"):
        fer2013.load(dataset_folder)


def test_pictures_of_another_size_are_refused(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(28, seed=1)
    write_split(dataset_folder, "public_test", pictures[:, :40], labels)
    with pytest.raises(fer2013.DatasetError, match="not uint8"):
        fer2013.load(dataset_folder)


def test_the_annotators_votes_become_shares_of_the_seven_labels(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(3, seed=9)
    names = np.array(
        ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF"]
    )
    votes = np.array([[1, 0, 0, 0, 3, 0, 0, 4, 1, 1], [0] * 8 + [10, 0], [-1] * 10], np.int16)
    write_split(dataset_folder, "train", pictures, labels, ferplus_votes=votes, ferplus_names=names)
    ferplus = fer2013.load_split(dataset_folder, "train").ferplus
    assert ferplus is not None
    assert ferplus[0].tolist() == [0.75, 0, 0, 0, 0, 0, 0.25]
    assert not ferplus[1:].any(), "nobody named one of the seven, or nobody was asked"
    assert fer2013.load_split(dataset_folder, "train").first(1).ferplus.shape == (1, 7)
    assert fer2013.load_split(dataset_folder, "public_test").ferplus is None


@pytest.mark.parametrize("wrong", ["cut off", "without label names", "a label too many"])
def test_a_file_that_is_broken_or_anothers_is_named(dataset_folder: Path, wrong: str) -> None:
    path = dataset_folder / fer2013.FILES["public_test"]
    pictures, labels = made_up_pictures(28, seed=1)
    if wrong == "cut off":
        path.write_bytes(path.read_bytes()[:1000])
    elif wrong == "without label names":
        np.savez(path, images=pictures, labels=labels)
    else:
        write_split(dataset_folder, "public_test", pictures, labels + 1)
    with pytest.raises(fer2013.DatasetError, match=path.name):
        fer2013.load(dataset_folder)
