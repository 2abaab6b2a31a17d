"""Other people's labelled pictures beside FER2013's in training: JAFFE, CK+ or folders named after the labels.

They have no annotators' votes, so what is learned of them is their own label. Pictures that stand in one of FER2013's
test splits are left out of them as they are out of the training split. A run that used a data set can't be measured on
it: `training.evaluate --dataset jaffe` would tell what was learned by heart, which `learned_from` is there to prevent.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training.datasets import open_dataset
from training.fer2013 import DatasetError, Fer2013, Split, without

KINDS = ("jaffe", "ckplus", "folder")


def parse(text: str) -> tuple[str, Path]:
    """`jaffe=/path` as kind and folder; raises DatasetError for anything else."""
    kind, separator, path = text.partition("=")
    if not separator or kind not in KINDS:
        raise DatasetError(f"{text!r} is not {', '.join(f'{kind}=DIR' for kind in KINDS)}")
    return kind, Path(path)


def with_auxiliary(dataset: Fer2013, chosen: list[str]) -> tuple[Split, list[str]]:
    """FER2013's training pictures and those of the `chosen` data sets (`kind=DIR`) that stand in no test split, and a
    line about each data set. Raises DatasetError.
    """
    train, lines = dataset.train, []
    for kind, path in map(parse, chosen):
        other = open_dataset(kind, path)
        kept = without(other.test, dataset.public_test, dataset.private_test)
        train = _together(train, kept)
        lines.append(f"{kind}: {len(kept):,} of {len(other.test):,} pictures are in no test split")
        lines += [*other.notes, *other.skipped]
    return train, lines


def learned_from(member_training: Mapping[str, Any], kind: str) -> bool:
    """Whether a member learned from a data set of this `kind` (of `training.datasets.KINDS`), so that figures on one
    are no test of it.

    `member_training` is a member's `training` table in models.toml, which lists kinds ("ckplus, jaffe"), or a run's
    configuration, which lists `kind=DIR`. Neither knows which folder a "folder" was: any counts.
    """
    listed = member_training.get("auxiliary", "")
    texts = listed.split(", ") if isinstance(listed, str) else listed
    return kind in {text.partition("=")[0] for text in texts}


def _together(first: Split, second: Split) -> Split:
    votes = None
    if first.ferplus is not None:
        votes = np.concatenate([first.ferplus, np.zeros((len(second), 7), np.float32)])
    return Split(
        first.name,
        np.concatenate([first.pictures, second.pictures]),
        np.concatenate([first.labels, second.labels]),
        votes,
    )
