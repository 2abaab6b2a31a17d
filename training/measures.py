"""Measures of a classifier, pure NumPy. `probabilities` float [n, 7] sum to 1; `labels` int [n] in 0..6."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]


def accuracy(probabilities: Floats, labels: Labels) -> float:
    """Share of pictures whose most probable label is theirs."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % by default (Wilson 1927)."""
    share = correct / total
    denominator = 1.0 + z * z / total
    centre = (share + z * z / (2.0 * total)) / denominator
    margin = z / denominator * math.sqrt(share * (1.0 - share) / total + z * z / (4.0 * total * total))
    return centre - margin, centre + margin


def confusion(probabilities: Floats, labels: Labels) -> NDArray[np.int64]:
    """Counts int [7, 7]: row the picture's label, column the label given to it."""
    classes = probabilities.shape[1]
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    return counts


def macro_recall(probabilities: Floats, labels: Labels) -> float:
    """Mean over the labels that occur of the share of their pictures that were found."""
    counts = confusion(probabilities, labels)
    occurring = counts.sum(axis=1)
    present = occurring > 0
    return float((counts.diagonal()[present] / occurring[present]).mean())


def macro_f1(probabilities: Floats, labels: Labels) -> float:
    """Mean over the labels that occur of 2·found / (given + occurring)."""
    counts = confusion(probabilities, labels)
    occurring, given = counts.sum(axis=1), counts.sum(axis=0)
    present = occurring > 0
    return float((2.0 * counts.diagonal()[present] / (given + occurring)[present]).mean())


def per_label(probabilities: Floats, labels: Labels) -> list[dict[str, float | None]]:
    """For each of the labels its pictures, recall, precision and F1; None where there is nothing to divide by."""
    counts = confusion(probabilities, labels)
    return [
        {
            "n": int(occurring),
            "recall": _share(found, occurring),
            "precision": _share(found, given),
            "f1": _share(2 * found, occurring + given),
        }
        for found, occurring, given in zip(counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0), strict=True)
    ]


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def expected_calibration_error(probabilities: Floats, labels: Labels, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al., arXiv 1706.04599)."""
    filled = reliability(probabilities, labels, bins)
    return sum(each["n"] * abs(each["accuracy"] - each["confidence"]) for each in filled) / len(labels)


def reliability(probabilities: Floats, labels: Labels, bins: int = 15) -> list[dict[str, float]]:
    """The bins of the calibration error that hold pictures: how many, their mean confidence, their accuracy."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "n": int((bin_of == index).sum()),
            "confidence": float(confidence[bin_of == index].mean()),
            "accuracy": float(correct[bin_of == index].mean()),
        }
        for index in sorted(set(bin_of.tolist()))
    ]


def negative_log_likelihood(probabilities: Floats, labels: Labels) -> float:
    """Mean of -log of the probability given to each picture's own label."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, 1e-12)).mean())


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Logits float [n, 7] -> probabilities."""
    exponentials: NDArray[np.float64] = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """The temperature that makes the labels most likely, by golden-section search on its logarithm."""
    low, high = math.log(0.2), math.log(5.0)
    golden = (math.sqrt(5.0) - 1.0) / 2.0

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(softmax(logits / math.exp(log_temperature)), labels)

    while high - low > 1e-4:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2.0)
