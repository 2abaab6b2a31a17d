"""The seven labels, always in FER2013's own order; every member's output has it."""

from collections.abc import Mapping, Sequence
from typing import Final

LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def by_label(probabilities: Sequence[float]) -> dict[str, float]:
    """Label -> probability, of seven in the labels' order."""
    return dict(zip(LABELS, probabilities, strict=True))


def most_likely(probabilities: Mapping[str, float]) -> str:
    """The label with the highest probability, the first of several."""
    return max(probabilities, key=lambda label: probabilities[label])
