"""The soft vote: the weighted mean of the members' probabilities, and its temperature."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from contracts.members import Vote

Predictions = Mapping[str, npt.NDArray[np.float32]]
"""Member -> probabilities, float32 [n, 7]."""


def soft_vote(predictions: Predictions, vote: Vote) -> npt.NDArray[np.float32]:
    """float32 [n, 7]: the mean over the members that answered, weighted by the vote's weights made to sum to 1 over
    them; where all that have one answered, at the vote's temperature, which was fitted to all of them.

    Members that are sure of different labels have a mean that is sure of none, though it is right more often than they
    are: a temperature below 1 makes up for that (Guo et al., arXiv 1706.04599). It changes no top label.
    """
    shares = shares_of_vote(predictions, vote.weights)
    stacked = np.stack([predictions[name] for name in shares])
    mean = np.tensordot(list(shares.values()), stacked, axes=1)
    if shares.keys() == {name for name, weight in vote.weights.items() if weight > 0.0}:
        mean **= 1.0 / vote.temperature
    probabilities: npt.NDArray[np.float32] = (mean / mean.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def shares_of_vote(predictions: Predictions, weights: Mapping[str, float]) -> dict[str, float]:
    """Member -> share of the vote, of those that have one; together 1.

    Members that a profile gives no weight count only when none of the weighted ones answered; then all count alike.
    """
    chosen = {name: weights[name] for name in predictions if weights.get(name, 0.0) > 0.0}
    chosen = chosen or dict.fromkeys(predictions, 1.0)
    return {name: weight / sum(chosen.values()) for name, weight in chosen.items()}
