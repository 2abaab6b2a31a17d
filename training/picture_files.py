"""Picture files as labelled crops: read, made gray, brought to 48×48, and gathered with what had to be left out.

A picture is taken as **already cropped to its face**, as FER2013's are: nothing is looked for in it. Of one that is
not square the middle square is taken. Whoever has whole photographs must crop them first.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.fer2013 import LABELS, DatasetError, Split

SIDE = 48
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff"})
WORDS = {
    "angry": 0, "anger": 0,
    "disgust": 1, "disgusted": 1,
    "fear": 2, "fearful": 2, "afraid": 2,
    "happy": 3, "happiness": 3,
    "sad": 4, "sadness": 4,
    "surprise": 5, "surprised": 5,
    "neutral": 6,
}  # fmt: skip
BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises for a bad file


@dataclass(slots=True)
class Gathered:
    """Labelled pictures as they are found; `skipped` says of each file that was left out why."""

    origin: Path
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, picture: NDArray[np.uint8], label: int) -> None:
        """One more: uint8 picture [48, 48], label 0 to 6."""
        self.pictures.append(picture)
        self.labels.append(label)

    def add_file(self, path: Path, label: int) -> None:
        """Read the file, or list it where it can't be read."""
        if not is_picture(path):
            self.skip(path, "not a picture")
            return
        try:
            self.add(read_picture(path), label)
        except BROKEN as error:
            self.skip(path, f"broken: {str(error).replace(str(path), path.name)}")

    def skip(self, what: Path | str, why: str) -> None:
        """One more that was left out: a file or a row, and the reason."""
        self.skipped.append(f"{what}: {why}")

    def split(self, name: str, needed: Collection[int] = range(len(LABELS))) -> Split:
        """What was gathered; raises DatasetError where one of the `needed` labels has no picture."""
        empty = [LABELS[label] for label in sorted(set(needed) - set(self.labels))]
        if empty or not self.labels:
            what = f"no readable picture of {', '.join(empty)}" if empty else "no readable picture"
            first = f", the first is {self.skipped[0]}" if self.skipped else ""
            raise DatasetError(f"{self.origin} has {what} ({name}; {len(self.skipped)} were skipped{first})")
        return Split(name, np.stack(self.pictures), np.array(self.labels, dtype=np.int64))


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it holds a picture."""
    return path.suffix.lower() in SUFFIXES


def read_picture(path: Path) -> NDArray[np.uint8]:
    """A picture file -> uint8 gray [48, 48]; raises one of `BROKEN` for a file that can't be read whole, and for one
    whose values have no known range.
    """
    with Image.open(path) as image:
        if image.mode.startswith("I;16"):  # Pillow would clip them to 255
            return as_crop((np.asarray(image) // 257).astype(np.uint8))
        if image.mode in ("I", "F"):
            raise ValueError(f"its values are of 32 bits each (mode {image.mode}), 8 or 16 are read")
        return as_crop(np.asarray(image.convert("L")))


def as_crop(gray_image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 gray image of any size -> its middle square as uint8 [48, 48]."""
    height, width = gray_image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = gray_image[top : top + side, left : left + side]
    if side == SIDE:
        return np.ascontiguousarray(square)
    smaller = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=smaller), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """The files below folders of class names: each with its label, not read yet, and what stands in no such folder."""

    files: list[tuple[Path, int]]
    labels: set[int]  # that have a folder, be it empty
    skipped: list[str]


def list_class_folders(directory: Path, left_out: Collection[str] = ()) -> ClassFolders:
    """List `directory`/<class name>/<picture>; class names are words like anger, angry or Happiness.

    The folders named in `left_out` are passed over silently, every other stray file or folder is listed. Raises
    DatasetError where there is no folder of a class.
    """
    if not directory.is_dir():
        raise DatasetError(f"{directory} is not a folder")
    listed = ClassFolders([], set(), [])
    for entry in sorted(directory.iterdir()):
        label = WORDS.get(entry.name.lower())
        if entry.is_dir() and label is not None:
            listed.labels.add(label)
            listed.files.extend((path, label) for path in sorted(entry.iterdir()))
        elif entry.name.lower() not in left_out:
            listed.skipped.append(f"{entry}: not a folder named after a label")
    if not listed.labels:
        raise DatasetError(f"{directory} has no folder named after a label ({', '.join(WORDS)})")
    return listed


def gather_class_folders(directory: Path, left_out: Collection[str] = ()) -> tuple[Gathered, set[int]]:
    """Read what `list_class_folders` lists; also the labels that have a folder. Raises DatasetError."""
    listed = list_class_folders(directory, left_out)
    gathered = Gathered(directory, skipped=list(listed.skipped))
    for path, label in listed.files:
        gathered.add_file(path, label)
    return gathered, listed.labels
