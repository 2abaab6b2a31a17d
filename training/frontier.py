"""What a vote of few members reaches, and how far FER2013's labels and FER+'s annotators can both be served.

Subsets vote with equal weights. They are chosen on the public test and their figures are the private test's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.fer2013 import Split
from training.ferplus import agreement
from training.measures import accuracy
from training.vote import Predictions, equal_weights, weighted_mean

KEPT = 500  # subsets of a size that are made larger: all of them with up to 11 members

Subset = tuple[str, ...]
Point = dict[str, Any]


def mean_vote(predictions: Predictions, subset: Subset) -> NDArray[np.float64]:
    """The members' probabilities [n, 7], each counting the same."""
    return weighted_mean(predictions, equal_weights(list(subset)))


def subsets(predictions: Predictions, labels: NDArray[np.int64]) -> list[dict[Subset, float]]:
    """Subsets of one member, of two, … with their accuracy; the `KEPT` best of a size grow into the next."""
    names = list(predictions)
    sizes: list[dict[Subset, float]] = []
    grown: list[Subset] = [(name,) for name in names]
    while grown:
        shares = {subset: accuracy(mean_vote(predictions, subset), labels) for subset in grown}
        sizes.append(shares)
        best = sorted(shares, key=shares.__getitem__, reverse=True)[:KEPT]
        larger = {tuple(sorted({*subset, name}, key=names.index)) for subset in best for name in names}
        grown = sorted(subset for subset in larger if len(subset) > len(sizes))
    return sizes


def latency_frontier(
    sizes: list[dict[Subset, float]], measured: Predictions, labels: NDArray[np.int64], ms_per_crop: Mapping[str, float]
) -> list[Point]:
    """Of every size the most accurate subset (of equals the cheapest), with its accuracy on the `measured` split."""

    def cost(subset: Subset) -> float:
        return sum(ms_per_crop[name] for name in subset)

    chosen = [max(shares, key=lambda subset: (shares[subset], -cost(subset))) for shares in sizes]
    return [
        {
            "members": list(subset),
            "ms_per_crop": cost(subset),
            "public_test_accuracy": sizes[len(subset) - 1][subset],
            "accuracy": accuracy(mean_vote(measured, subset), labels),
        }
        for subset in chosen
    ]


def truths_frontier(
    sizes: list[dict[Subset, float]], chosen_on: tuple[Predictions, Split], measured_on: tuple[Predictions, Split]
) -> list[Point]:
    """Mixes that no other betters in both truths on the public test, from FER2013's side to FER+'s."""
    predictions, split = chosen_on
    if split.ferplus is None or measured_on[1].ferplus is None:
        return []
    both = [
        (share, agreement(mean_vote(predictions, subset), split.ferplus) or 0.0, subset)
        for shares in sizes
        for subset, share in shares.items()
    ]
    frontier: list[Point] = []
    best_agreement = -1.0
    for _, agreed, subset in sorted(both, key=lambda point: (-point[0], -point[1], len(point[2]))):
        if agreed > best_agreement:
            best_agreement = agreed
            frontier.append({"members": list(subset), **_truths(mean_vote(measured_on[0], subset), measured_on[1])})
    return frontier


def _truths(probabilities: NDArray[np.floating], split: Split) -> Point:
    return {
        "accuracy": accuracy(probabilities, split.labels),
        "ferplus_agreement": agreement(probabilities, split.ferplus),
    }
