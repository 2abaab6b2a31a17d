"""The soft vote: the weighted mean of the members' probabilities."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Predictions = Mapping[str, npt.NDArray[np.float32]]
"""Member -> probabilities, float32 [n, 7]."""


def soft_vote(predictions: Predictions, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """float32 [n, 7]: the mean over the members that answered, weighted by `weights` made to sum to 1 over them.

    Members that a profile gives no weight count only when none of the weighted ones answered; then all count alike.
    """
    chosen = np.array([weights.get(name, 0.0) for name in predictions], np.float64)
    if not chosen.any():
        chosen = np.ones(len(predictions))
    stacked = np.stack(list(predictions.values()))
    vote = np.tensordot(chosen / chosen.sum(), stacked, axes=1)
    shares: npt.NDArray[np.float32] = (vote / vote.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
