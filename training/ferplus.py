"""Agreement with FER+ (Barsoum et al., ICMI 2016): the label that its ten annotators named most often.

A plurality among the seven labels, as that paper's majority voting takes it: votes for contempt, for an unknown
expression and for no face at all are not counted, and the leading label may have fewer than half of the votes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.fer2013 import Split

NO_MAJORITY = -1
SECOND_HEAD = "annotators"  # the name of a network's head that learns FER+'s annotators beside the first


def majority(shares: NDArray[np.float32]) -> NDArray[np.int64]:
    """Shares [n, 7] -> the label named most; NO_MAJORITY where nobody named one or two share the first place."""
    top = shares.max(axis=1, keepdims=True)
    clear = (top[:, 0] > 0.0) & ((shares == top).sum(axis=1) == 1)
    return np.where(clear, shares.argmax(axis=1), NO_MAJORITY)


def truth(split: Split, by_ferplus: bool) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which pictures count, bool [n], and the labels of those: FER2013's own, or FER+'s where the annotators have one.

    A split without annotators' votes has FER2013's labels only.
    """
    if not by_ferplus or split.ferplus is None:
        return np.ones(len(split), dtype=np.bool_), split.labels
    labels = majority(split.ferplus)
    known = labels != NO_MAJORITY
    return known, labels[known]


def learned_ferplus(recipe: Mapping[str, Any]) -> bool:
    """Whether a member learned at least as much from FER+'s annotators as from FER2013's own labels."""
    return recipe.get("head") == SECOND_HEAD or float(recipe.get("ferplus", 0.0)) >= 0.5


def agreement(probabilities: NDArray[np.floating], shares: NDArray[np.float32] | None) -> float | None:
    """Share of the pictures with a majority whose most probable label it is; None where there are none."""
    if shares is None:
        return None
    labels = majority(shares)
    known = labels != NO_MAJORITY
    return float((probabilities.argmax(axis=1) == labels)[known].mean()) if known.any() else None
