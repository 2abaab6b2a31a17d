import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import made_up_pictures
from PIL import Image

from training.datasets import open_dataset
from training.fer2013 import LABELS, DatasetError
from training.picture_files import as_crop, read_picture

USAGES = ("Training", "PublicTest", "PrivateTest")
CK_FOLDERS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def save_class_folders(folder: Path, prefix: str = "", seed: int = 0) -> np.ndarray:
    """One picture a label, as PNG so that it comes back as it was."""
    pictures, labels = made_up_pictures(7, seed)
    for picture, label in zip(pictures, labels, strict=True):
        save(folder / LABELS[label] / f"{prefix}{label}.png", picture)
    return pictures


def write_csv(path: Path, rows: list[tuple[object, str, str]], header: tuple[str, ...]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def csv_rows() -> list[tuple[object, str, str]]:
    """One picture a label and split."""
    return [
        (label, " ".join(map(str, picture.ravel())), usage)
        for seed, usage in enumerate(USAGES)
        for picture, label in zip(*made_up_pictures(7, seed), strict=True)
    ]


def test_fer2013_is_read_from_its_npz_files(dataset_folder: Path) -> None:
    dataset = open_dataset("fer2013", dataset_folder)
    assert (dataset.test.name, len(dataset.test)) == ("private_test", 28)
    assert dataset.public_test is not None
    assert dataset.training_digests is not None
    assert len(dataset.training_digests) == 128


@pytest.mark.parametrize("header", [("emotion", "pixels", "Usage"), ("emotion", " pixels", " Usage")])
def test_fer2013_is_read_from_kaggles_csv_with_either_header(tmp_path: Path, header: tuple[str, ...]) -> None:
    write_csv(tmp_path / "fer2013.csv", csv_rows(), header)
    for path in (tmp_path, tmp_path / "fer2013.csv"):
        dataset = open_dataset("fer2013", path)
        assert (dataset.test.pictures == made_up_pictures(7, seed=2)[0]).all()
        assert dataset.test.labels.tolist() == list(range(7))
        assert dataset.public_test is not None
        assert (dataset.public_test.pictures == made_up_pictures(7, seed=1)[0]).all()
        assert dataset.test.ferplus is None


def test_broken_rows_of_the_csv_are_listed_and_skipped(tmp_path: Path) -> None:
    pixels = csv_rows()[0][1]
    broken = [
        (7, pixels, "Training"),
        (1, "1 2 3", "Training"),
        (1, pixels.replace(pixels.split()[0], "256", 1), "Training"),
        ("", pixels, "Training"),
        (1, pixels, "Holiday"),
    ]
    write_csv(tmp_path / "fer2013.csv", [*csv_rows(), *broken], ("emotion", "pixels", "Usage"))
    dataset = open_dataset("fer2013", tmp_path)
    assert len(dataset.skipped) == 5
    assert "fer2013.csv:23: emotion is 7" in dataset.skipped[0]
    assert "3 pixels, not 2304" in dataset.skipped[1]
    assert "Usage is 'Holiday'" in dataset.skipped[4]


def test_a_csv_whose_rows_can_all_not_be_read_says_why(tmp_path: Path) -> None:
    rows = [(f"{label}.0", pixels, usage) for label, pixels, usage in csv_rows()]
    write_csv(tmp_path / "fer2013.csv", rows, ("emotion", "pixels", "Usage"))
    with pytest.raises(DatasetError, match=r"21 were skipped, the first is .*fer2013\.csv:2: invalid literal .*0\.0"):
        open_dataset("fer2013", tmp_path)


def test_a_csv_that_a_spreadsheet_wrote_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    write_csv(tmp_path / "fer2013.csv", csv_rows(), ("\ufeffemotion", "pixels", "Usage"))
    assert len(open_dataset("fer2013", tmp_path).test) == 7


def test_a_csv_without_its_columns_is_an_error_that_names_them(tmp_path: Path) -> None:
    write_csv(tmp_path / "fer2013.csv", [], ("emotion", "pixels", "what"))
    with pytest.raises(DatasetError, match="lacks the column Usage"):
        open_dataset("fer2013", tmp_path)


def test_kaggles_folders_keep_the_tests_apart_where_file_names_tell_them(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train", "Training_")
    save_class_folders(tmp_path / "test", "PublicTest_", seed=1)
    private = save_class_folders(tmp_path / "test", "PrivateTest_", seed=2)
    dataset = open_dataset("fer2013", tmp_path)
    assert dataset.test.name == "private_test"
    assert (dataset.test.pictures == private[dataset.test.labels]).all()
    assert dataset.public_test is not None
    assert len(dataset.public_test) == 7


def test_a_stray_file_in_kaggles_folders_is_listed_and_changes_nothing(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train", "Training_")
    for seed, prefix in ((1, "PublicTest_"), (2, "PrivateTest_")):
        save_class_folders(tmp_path / "test", prefix, seed)
    stray = tmp_path / "test" / "happy" / ".DS_Store"
    stray.write_bytes(b"1")
    dataset = open_dataset("fer2013", tmp_path)
    assert (dataset.test.name, len(dataset.test)) == ("private_test", 7)
    assert dataset.skipped == [f"{stray}: not a picture"]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_picture_of_sixteen_bits_keeps_its_grays(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 48 * 48).astype(np.uint16).reshape(48, 48)
    save(tmp_path / f"ramp.{suffix}", ramp)
    np.testing.assert_array_equal(read_picture(tmp_path / f"ramp.{suffix}"), (ramp // 257).astype(np.uint8))


def test_a_picture_whose_values_have_no_known_range_is_listed(tmp_path: Path) -> None:
    save_class_folders(tmp_path)
    save(tmp_path / "happy" / "float.tif", np.full((48, 48), 0.5, np.float32))
    dataset = open_dataset("folder", tmp_path)
    assert len(dataset.test) == 7
    assert "32 bits" in dataset.skipped[0]


def test_a_csv_with_broken_text_loses_that_row_only(tmp_path: Path) -> None:
    write_csv(tmp_path / "fer2013.csv", csv_rows(), ("emotion", "pixels", "Usage"))
    text = (tmp_path / "fer2013.csv").read_bytes()
    (tmp_path / "fer2013.csv").write_bytes(text + b"3,\xff 1 2,Training\n")
    dataset = open_dataset("fer2013", tmp_path)
    assert len(dataset.test) == 7
    assert len(dataset.skipped) == 1


def test_kaggles_folders_without_such_names_are_one_test_and_it_is_said(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train")
    save_class_folders(tmp_path / "test", "im", seed=1)
    dataset = open_dataset("fer2013", tmp_path)
    assert (dataset.test.name, len(dataset.test), dataset.public_test) == ("test", 7, None)
    assert "stand among these" in dataset.notes[0]


def test_a_folder_that_is_no_fer2013_is_told_what_one_looks_like(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"neither fer2013_train\.npz.*nor fer2013\.csv, nor the folders"):
        open_dataset("fer2013", tmp_path)


def test_jaffes_labels_come_from_its_file_names(tmp_path: Path) -> None:
    codes = ("AN", "DI", "FE", "HA", "SA", "SU", "NE")
    for index, code in enumerate(codes):
        save(tmp_path / "jaffe" / f"KA.{code}1.{39 + index}.tiff", np.full((256, 256), 10 * index, np.uint8))
    (tmp_path / "jaffe" / "README").write_text("not a picture")
    (tmp_path / "jaffe" / "KM.HA2.5.tiff").write_bytes(b"no TIFF")
    dataset = open_dataset("jaffe", tmp_path)
    assert {int(label): int(p[0, 0]) for p, label in zip(dataset.test.pictures, dataset.test.labels, strict=True)} == {
        label: 10 * label for label in range(7)
    }
    assert [line.split(": ")[0].rsplit("/")[-1] for line in dataset.skipped] == ["KM.HA2.5.tiff", "README"]
    assert "broken" in dataset.skipped[0]


def test_ck_plus_in_folders_leaves_contempt_out_and_says_so(tmp_path: Path) -> None:
    for name in CK_FOLDERS:
        save(tmp_path / name / "S010_004_00000017.png", np.zeros((48, 48), np.uint8))
    dataset = open_dataset("ckplus", tmp_path)
    assert dataset.test.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert any("contempt is left out (1 pictures)" in note for note in dataset.notes)
    assert any("no neutral class" in note for note in dataset.notes)
    assert dataset.skipped == []


def test_ck_plus_in_its_original_layout_gives_each_sequences_last_frame(tmp_path: Path) -> None:
    for sequence, code in enumerate((1, 2, 3, 4, 5, 6, 7, 9)):
        place = Path(f"S{sequence:03}") / "001"
        for frame in (1, 2, 11):
            shade = 10 * code if frame == 11 else 255
            name = f"S{sequence:03}_001_{frame:08}"
            save(tmp_path / "cohn-kanade-images" / place / f"{name}.png", np.full((49, 64), shade, np.uint8))
        label = tmp_path / "Emotion" / place / f"{name}_emotion.txt"
        label.parent.mkdir(parents=True)
        label.write_text(f"   {code}.0000000e+00\n")
    without_label = tmp_path / "cohn-kanade-images" / "S500" / "001" / "S500_001_00000001.png"
    save(without_label, np.zeros((49, 64), np.uint8))

    dataset = open_dataset("ckplus", tmp_path)

    assert dataset.test.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert dataset.test.pictures[:, 24, 24].tolist() == [10, 30, 40, 50, 60, 70]
    assert any("contempt is left out (1 sequences)" in note for note in dataset.notes)
    assert any("last frame" in note for note in dataset.notes)
    assert len(dataset.skipped) == 1, "the code 9, which CK+ does not have"


def test_ck_plus_with_half_of_its_original_layout_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Emotion").mkdir()
    with pytest.raises(DatasetError, match="needs both cohn-kanade-images and Emotion"):
        open_dataset("ckplus", tmp_path)


def test_a_folder_may_use_other_words_for_the_labels_and_lack_some(tmp_path: Path) -> None:
    save(tmp_path / "Anger" / "a.jpg", np.zeros((96, 96, 3), np.uint8))
    save(tmp_path / "Happiness" / "b.png", np.zeros((30, 30), np.uint8))
    dataset = open_dataset("folder", tmp_path)
    assert dataset.test.labels.tolist() == [0, 3]
    assert dataset.test.pictures.shape == (2, 48, 48)
    assert "no folder for disgust, fear, sad, surprise, neutral" in dataset.notes[0]


def test_unknown_and_broken_files_are_listed_and_skipped(tmp_path: Path) -> None:
    save_class_folders(tmp_path)
    whole = (tmp_path / "happy" / "3.png").read_bytes()
    (tmp_path / "happy" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "happy" / "empty.jpg").touch()
    (tmp_path / "happy" / "notes.txt").touch()
    (tmp_path / "bored").mkdir()
    dataset = open_dataset("folder", tmp_path)
    assert len(dataset.test) == 7
    skipped = {line.split(": ")[0].rsplit("/")[-1] for line in dataset.skipped}
    assert skipped == {"cut.png", "empty.jpg", "notes.txt", "bored"}


def test_a_label_whose_folder_holds_no_readable_picture_is_an_error(tmp_path: Path) -> None:
    save_class_folders(tmp_path)
    (tmp_path / "fear" / "2.png").write_bytes(b"no PNG")
    with pytest.raises(DatasetError, match=r"no readable picture of fear .*1 were skipped, the first is "):
        open_dataset("folder", tmp_path)


def test_a_folder_without_any_label_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder named after a label"):
        open_dataset("folder", tmp_path)


def test_of_a_wide_picture_the_middle_square_is_taken() -> None:
    wide = np.zeros((48, 96), np.uint8)
    wide[:, 24:72] = 200
    assert (as_crop(wide) == 200).all()


def test_a_crop_of_the_right_size_is_left_as_it_is() -> None:
    picture = made_up_pictures(1, seed=0)[0][0]
    assert (as_crop(picture) == picture).all()
