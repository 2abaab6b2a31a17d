"""FER2013 as three .npz files, and the guard that keeps test pictures out of training.

Of the 28,709 training pictures 703 stand in the public or the private test split too (all of them as they
are; none was found mirrored only). A figure measured with those in training would be too good, so
`without_test_pictures` drops them and leaves 28,006.
"""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # FER2013's own order
FERPLUS_NAMES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # in the order of LABELS
FILES = {
    "train": "fer2013_train.npz",
    "public_test": "fer2013_val_publictest.npz",
    "private_test": "fer2013_test_privatetest.npz",
}


class DatasetError(Exception):
    """Raised when a file of the data set is missing or is not what it says; the user's to fix."""


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
    """The three official splits."""

    train: Split
    public_test: Split
    private_test: Split


def load(directory: Path) -> Fer2013:
    """Read the three splits from their .npz files in `directory`."""
    return Fer2013(**{name: load_split(directory, name) for name in FILES})


def load_split(directory: Path, name: str) -> Split:
    """Read one split; its label names must be FER2013's, in FER2013's order."""
    path = directory / FILES[name]
    if not path.is_file():
        raise DatasetError(f"{path} is missing; --data is the folder of {', '.join(FILES.values())}")
    with np.load(path) as arrays:
        pictures, labels = arrays["images"], arrays["labels"].astype(np.int64)
        label_names = tuple(str(label_name) for label_name in arrays["label_names"])
        ferplus = None
        if "ferplus_votes" in arrays:
            ferplus = _ferplus_shares(arrays["ferplus_votes"], arrays["ferplus_names"])
    if label_names != LABELS:
        raise DatasetError(f"{path} names its labels {label_names}, not {LABELS}")
    if pictures.dtype != np.uint8 or pictures.shape != (len(labels), 48, 48):
        raise DatasetError(f"{path} holds {pictures.dtype} {pictures.shape}, not uint8 [n, 48, 48]")
    return Split(name, pictures, labels, ferplus)


def _ferplus_shares(votes: NDArray[np.int16], names: NDArray[np.str_]) -> NDArray[np.float32]:
    """Votes [n, 10], -1 where unknown -> shares [n, 7] without contempt, unknown and not-a-face."""
    columns = [list(names).index(name) for name in FERPLUS_NAMES]
    counts = np.maximum(votes[:, columns], 0).astype(np.float32)
    shares: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return shares


def without_test_pictures(dataset: Fer2013) -> Split:
    """The training split without every picture that stands, as it is or mirrored, in a test split."""
    seen_in_tests = digests(dataset.public_test.pictures) | digests(dataset.private_test.pictures)
    return dataset.train.where(~found_in(dataset.train.pictures, seen_in_tests))


def digests(pictures: NDArray[np.uint8]) -> set[bytes]:
    """Content hashes of `pictures` uint8 [n, 48, 48]."""
    return {_digest(picture) for picture in pictures}


def found_in(pictures: NDArray[np.uint8], known: set[bytes]) -> NDArray[np.bool_]:
    """Bool [n]: whether a picture or its mirror image has a hash in `known`."""
    return np.array([_digest(p) in known or _digest(p[:, ::-1]) in known for p in pictures], dtype=np.bool_)


def _digest(picture: NDArray[np.uint8]) -> bytes:
    return blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()
