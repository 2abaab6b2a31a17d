"""Which data set stands in a folder, and what of it is measured: one door before the loaders."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from training import ckplus, fer2013, jaffe
from training.fer2013 import LABELS, Split
from training.picture_files import gather_class_folders


@dataclass(frozen=True, slots=True)
class Dataset:
    """What figures are of (`test`), and what belongs to it where the data set has it.

    `public_test` is what is chosen on; `training_digests` are content hashes of the pictures that may have been
    trained on. `notes` must be said with the figures; `skipped` names the files that could not be used.
    """

    name: str
    test: Split
    public_test: Split | None = None
    training_digests: set[bytes] | None = None
    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def open_dataset(kind: str, path: Path) -> Dataset:
    """Read the data set of a `kind` in `KINDS`; raises DatasetError for what is not one."""
    return KINDS[kind](path)


def _fer2013(path: Path) -> Dataset:
    splits, skipped = fer2013.read_splits(path)
    digests = fer2013.digests(splits["train"].pictures)
    if "private_test" in splits:
        return Dataset("fer2013", splits["private_test"], splits.get("public_test"), digests, [], skipped)
    note = "FER2013: pictures of the public test, on which members and vote were chosen, stand among these"
    return Dataset("fer2013", splits.get("test") or splits["public_test"], None, digests, [note], skipped)


def _jaffe(path: Path) -> Dataset:
    split, skipped = jaffe.load(path)
    return Dataset("jaffe", split, skipped=skipped)


def _ckplus(path: Path) -> Dataset:
    split, skipped, notes = ckplus.load(path)
    return Dataset("ckplus", split, notes=notes, skipped=skipped)


def _folder(path: Path) -> Dataset:
    gathered, labels = gather_class_folders(path)
    missing = [name for label, name in enumerate(LABELS) if label not in labels]
    notes = [f"{path}: no folder for {', '.join(missing)}"] if missing else []
    return Dataset("folder", gathered.split("all", labels), notes=notes, skipped=gathered.skipped)


KINDS: dict[str, Callable[[Path], Dataset]] = {
    "fer2013": _fer2013,
    "jaffe": _jaffe,
    "ckplus": _ckplus,
    "folder": _folder,
}
