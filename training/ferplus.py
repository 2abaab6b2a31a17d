"""Agreement with FER+: what most of its ten annotators saw in a picture, where they saw one thing most."""

import numpy as np
from numpy.typing import NDArray

NO_MAJORITY = -1


def majority(shares: NDArray[np.float32]) -> NDArray[np.int64]:
    """Shares [n, 7] -> the label named most; NO_MAJORITY where nobody named one or two share the first place."""
    top = shares.max(axis=1, keepdims=True)
    clear = (top[:, 0] > 0.0) & ((shares == top).sum(axis=1) == 1)
    return np.where(clear, shares.argmax(axis=1), NO_MAJORITY)


def agreement(probabilities: NDArray[np.floating], shares: NDArray[np.float32] | None) -> float | None:
    """Share of the pictures with a majority whose most probable label it is; None where there are none."""
    if shares is None:
        return None
    labels = majority(shares)
    known = labels != NO_MAJORITY
    return float((probabilities.argmax(axis=1) == labels)[known].mean()) if known.any() else None
