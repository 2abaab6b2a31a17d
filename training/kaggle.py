"""FER2013 as Kaggle gives it: one CSV (`emotion,pixels,Usage`), or folders `train/<class>/` and `test/<class>/`.

The folders mix the public and the private test in `test/`; where the files' names tell them apart
(`PublicTest_…`, `PrivateTest_…`) they are kept apart, elsewhere there is one split named "test".
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from training.fer2013 import LABELS, DatasetError, Split
from training.picture_files import SIDE, Gathered, gather_class_folders, is_picture, list_class_folders

COLUMNS = ("emotion", "pixels", "Usage")
USAGES = {"Training": "train", "PublicTest": "public_test", "PrivateTest": "private_test"}
PREFIXES = {"PublicTest_": "public_test", "PrivateTest_": "private_test"}

Splits = dict[str, Split]


def load_csv(path: Path) -> tuple[Splits, list[str]]:
    """The three splits of the CSV, and the rows that were skipped. Raises DatasetError."""
    skipped: list[str] = []  # of all splits, for a row whose Usage is broken belongs to none
    gathered = {name: Gathered(path, skipped=skipped) for name in USAGES.values()}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:  # no text is no number either
        rows = csv.DictReader(file, skipinitialspace=True)
        missing = set(COLUMNS) - {(name or "").strip() for name in rows.fieldnames or ()}
        if missing:
            raise DatasetError(f"{path} lacks the column {', '.join(sorted(missing))}; Kaggle's has {COLUMNS}")
        for row in rows:
            try:
                _add_row({(key or "").strip(): value for key, value in row.items()}, gathered)
            except ValueError as error:
                skipped.append(f"{path}:{rows.line_num}: {error}")
    return {name: rows.split(name) for name, rows in gathered.items()}, skipped


def _add_row(row: Mapping[str, str], gathered: Mapping[str, Gathered]) -> None:
    """Put one row where it belongs; raises ValueError for one that is broken."""
    name = USAGES.get((row["Usage"] or "").strip())
    if name is None:
        raise ValueError(f"Usage is {row['Usage']!r}, not one of {', '.join(USAGES)}")
    label = int(row["emotion"] or "")
    if label not in range(len(LABELS)):
        raise ValueError(f"emotion is {label}, not 0 to {len(LABELS) - 1}")
    pixels = bytes(map(int, (row["pixels"] or "").split()))
    if len(pixels) != SIDE * SIDE:
        raise ValueError(f"{len(pixels)} pixels, not {SIDE * SIDE}")
    gathered[name].add(np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE), label)


def load_folders(directory: Path) -> tuple[Splits, list[str]]:
    """`train` and the tests of `directory`/train and `directory`/test, and the files that were skipped. Raises
    DatasetError.
    """
    train, _ = gather_class_folders(directory / "train")
    listed = list_class_folders(directory / "test")
    pictures = [(path, label) for path, label in listed.files if is_picture(path)]
    strays = [f"{path}: not a picture" for path, _ in listed.files if not is_picture(path)]
    told_apart = all(_test_of(path) for path, _ in pictures)
    tests: dict[str, Gathered] = {}
    for path, label in pictures:
        name = _test_of(path) if told_apart else "test"
        tests.setdefault(name, Gathered(directory / "test")).add_file(path, label)
    if not tests:
        raise DatasetError(f"{directory / 'test'} has no pictures")
    skipped = train.skipped + listed.skipped + strays + [line for test in tests.values() for line in test.skipped]
    return {"train": train.split("train")} | {name: test.split(name) for name, test in tests.items()}, skipped


def _test_of(path: Path) -> str:
    """The split that the file's name tells; empty where it tells none."""
    return next((name for prefix, name in PREFIXES.items() if path.name.startswith(prefix)), "")
