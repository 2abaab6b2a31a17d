from pathlib import Path

import numpy as np
import pytest
from conftest import made_up_pictures, write_split

from training import fer2013


def test_the_three_splits_are_read_with_their_labels(dataset_folder: Path) -> None:
    dataset = fer2013.load(dataset_folder)
    assert (len(dataset.train), len(dataset.public_test), len(dataset.private_test)) == (128, 28, 28)
    assert dataset.train.pictures.dtype == np.uint8
    assert list(dataset.train.labels[:8]) == [0, 1, 2, 3, 4, 5, 6, 0]


def test_nothing_is_dropped_where_no_picture_stands_twice(dataset_folder: Path) -> None:
    assert len(fer2013.without_test_pictures(fer2013.load(dataset_folder))) == 128


def test_training_loses_what_stands_in_a_test_split_as_it_is_or_mirrored(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(128, seed=0)
    public, private = made_up_pictures(28, seed=1)[0], made_up_pictures(28, seed=2)[0]
    pictures[5], pictures[17], pictures[99] = public[3], private[4][:, ::-1], private[7]
    write_split(dataset_folder, "train", pictures, labels)

    train = fer2013.without_test_pictures(fer2013.load(dataset_folder))

    assert len(train) == 125
    kept = np.delete(np.arange(128), [5, 17, 99])
    assert (train.pictures == pictures[kept]).all()
    assert (train.labels == labels[kept]).all()


def test_a_picture_that_differs_in_one_pixel_is_kept(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(128, seed=0)
    pictures[5] = made_up_pictures(28, seed=1)[0][3]
    pictures[5, 0, 0] += 1
    write_split(dataset_folder, "train", pictures, labels)
    assert len(fer2013.without_test_pictures(fer2013.load(dataset_folder))) == 128


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(fer2013.DatasetError, match=r"fer2013_train\.npz is missing"):
        fer2013.load(tmp_path)


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
