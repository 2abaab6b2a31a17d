"""FER2013 in whichever of its three forms, and the guard that keeps test pictures out of training.

The forms are three .npz files, Kaggle's CSV and Kaggle's folders (`training.kaggle`); FER+'s votes stand in the first.

Of the 28,709 training pictures 703 stand in the public or the private test split too (all of them as they
are; none was found mirrored only). A figure measured with those in training would be too good, so `load`
leaves them out of what is trained on: 28,006.
"""

import zipfile
import zlib
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # FER2013's own order
FERPLUS_NAMES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # in the order of LABELS
FILES = {
    "train": "fer2013_train.npz",
    "public_test": "fer2013_val_publictest.npz",
    "private_test": "fer2013_test_privatetest.npz",
}


class DatasetError(click.ClickException):
    """Raised when a file of the data set is missing or is not what it says; the user's to fix.

    It is click's, so that every command ends with its one line and none has to catch it.
    """


@dataclass(frozen=True, slots=True)
class Split:
    """Labelled pictures: `pictures` uint8 [n, 48, 48], `labels` int64 [n] in 0..6.

    `ferplus` float32 [n, 7] is each label's share of FER+'s annotators who named one of the seven (Barsoum et al.,
    arXiv 1608.01041): a row of zeros where nobody did, None where the file has no such votes.
    """

    name: str
    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    ferplus: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: NDArray[np.bool_]) -> "Split":
        """The chosen pictures only: `chosen` bool [n]."""
        return self._part(chosen)

    def first(self, count: int | None) -> "Split":
        """The first `count` pictures; all of them for None."""
        return self._part(slice(count))

    def _part(self, index: NDArray[np.bool_] | slice) -> "Split":
        ferplus = None if self.ferplus is None else self.ferplus[index]
        return Split(self.name, self.pictures[index], self.labels[index], ferplus)


@dataclass(frozen=True, slots=True)
class Fer2013:
    """The official splits; what of `official_train` stands, as it is or mirrored, in a test split is left out of
    `train`. Nothing but `training.leakage` asks for those pictures.
    """

    train: Split
    public_test: Split
    private_test: Split
    official_train: Split


def load(path: Path) -> Fer2013:
    """Read the three splits of the folder (or CSV) at `path`; raises DatasetError where one is missing or not to be
    told apart.
    """
    official_train, public_test, private_test = _wanted(path, tuple(FILES)).values()
    return Fer2013(without(official_train, public_test, private_test), public_test, private_test, official_train)


def load_split(path: Path, name: str) -> Split:
    """Read one split, as `load` reads all; of the .npz files only its own must be there."""
    return _wanted(path, (name,))[name]


def _wanted(path: Path, names: tuple[str, ...]) -> dict[str, Split]:
    splits, skipped = read_splits(path, names)
    missing = [name for name in names if name not in splits]
    if missing:
        raise DatasetError(
            f"{path} has no {' and no '.join(missing)}: Kaggle's folders are only train and test, and the names of the "
            "files in test don't tell the two tests apart; training.evaluate can measure them as one, all else needs "
            "fer2013.csv or the .npz files"
        )
    if skipped:
        click.echo(f"{path}: {len(skipped)} could not be read and are left out, first {skipped[0]}", err=True)
    return {name: splits[name] for name in names}


def read_splits(path: Path, names: tuple[str, ...] = tuple(FILES)) -> tuple[dict[str, Split], list[str]]:
    """The splits at `path` by their names, and the rows or files that were skipped.

    Which form it is, is told by what stands there. Of the .npz files those of `names` are read; Kaggle's forms are read
    whole, and their folders may have a "test" instead of `public_test` and `private_test`. Raises DatasetError.
    """
    from training import kaggle  # not above: it reads into the Split of this module

    if any((path / file).exists() for file in FILES.values()):
        return {name: _read_npz(path, name) for name in names}, []
    if path.is_file() and path.suffix.lower() == ".csv":
        return kaggle.load_csv(path)
    tables = [*sorted(path.glob("*fer2013*.csv")), *path.glob("icml_face_data.csv")]
    if tables:
        return kaggle.load_csv(tables[0])
    if (path / "train").is_dir() and (path / "test").is_dir():
        return kaggle.load_folders(path)
    files = ", ".join(FILES.values())
    raise DatasetError(f"{path} is no FER2013: it has neither {files}, nor fer2013.csv, nor the folders train and test")


def _read_npz(directory: Path, name: str) -> Split:
    """Read one split's file; its label names must be FER2013's, in FER2013's order."""
    path = directory / FILES[name]
    if not path.is_file():
        raise DatasetError(f"{path} is missing; --data is the folder of {', '.join(FILES.values())}")
    try:
        with path.open("rb") as file, np.load(file) as arrays:  # np.load would leave a broken one open
            pictures, labels = arrays["images"], arrays["labels"].astype(np.int64)
            label_names = tuple(str(label_name) for label_name in arrays["label_names"])
            ferplus = None
            if "ferplus_votes" in arrays:
                ferplus = _ferplus_shares(arrays["ferplus_votes"], arrays["ferplus_names"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path} can't be read ({error}); it must hold images, labels and label_names") from error
    if label_names != LABELS:
        raise DatasetError(f"{path} names its labels {label_names}, not {LABELS}")
    if pictures.dtype != np.uint8 or pictures.shape != (len(labels), 48, 48):
        raise DatasetError(f"{path} holds {pictures.dtype} {pictures.shape}, not uint8 [n, 48, 48]")
    if not np.isin(labels, range(len(LABELS))).all():
        raise DatasetError(f"{path} has labels from {labels.min()} to {labels.max()}, not 0 to {len(LABELS) - 1}")
    return Split(name, pictures, labels, ferplus)


def _ferplus_shares(votes: NDArray[np.int16], names: NDArray[np.str_]) -> NDArray[np.float32]:
    """Votes [n, 10], -1 where unknown -> shares [n, 7] without contempt, unknown and not-a-face."""
    columns = [list(names).index(name) for name in FERPLUS_NAMES]
    counts = np.maximum(votes[:, columns], 0).astype(np.float32)
    shares: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return shares


def some_of(pictures: NDArray[np.uint8], count: int, seed: int) -> NDArray[np.uint8]:
    """`count` of the pictures [n, ...], or all where there are fewer, in an order that depends on the seed alone."""
    return pictures[np.random.default_rng(seed).choice(len(pictures), min(count, len(pictures)), replace=False)]


def without(split: Split, *tests: Split) -> Split:
    """The split without every picture that stands, as it is or mirrored, in one of the tests."""
    seen_in_tests = set().union(*(digests(test.pictures) for test in tests))
    return split.where(~found_in(split.pictures, seen_in_tests))


def digests(pictures: NDArray[np.uint8]) -> set[bytes]:
    """Content hashes of `pictures` uint8 [n, 48, 48]."""
    return {_digest(picture) for picture in pictures}


def found_in(pictures: NDArray[np.uint8], known: set[bytes]) -> NDArray[np.bool_]:
    """Bool [n]: whether a picture or its mirror image has a hash in `known`."""
    return np.array([_digest(p) in known or _digest(p[:, ::-1]) in known for p in pictures], dtype=np.bool_)


def _digest(picture: NDArray[np.uint8]) -> bytes:
    return blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()
