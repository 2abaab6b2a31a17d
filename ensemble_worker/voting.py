"""The soft vote: the weighted mean of the members' probabilities."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Predictions = Mapping[str, npt.NDArray[np.float32]]
"""Member -> probabilities, float32 [n, 7]."""


def soft_vote(predictions: Predictions, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """float32 [n, 7]: the mean over the members that answered, weighted by `weights` made to sum to 1 over them."""
    shares = shares_of_vote(predictions, weights)
    stacked = np.stack([predictions[name] for name in shares])
    vote = np.tensordot(list(shares.values()), stacked, axes=1)
    probabilities: npt.NDArray[np.float32] = (vote / vote.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def shares_of_vote(predictions: Predictions, weights: Mapping[str, float]) -> dict[str, float]:
    """Member -> share of the vote, of those that have one; together 1.

    Members that a profile gives no weight count only when none of the weighted ones answered; then all count alike.
    """
    chosen = {name: weights[name] for name in predictions if weights.get(name, 0.0) > 0.0}
    chosen = chosen or dict.fromkeys(predictions, 1.0)
    return {name: weight / sum(chosen.values()) for name, weight in chosen.items()}
