"""Calibration error before and after temperature scaling, of members and votes as they are served."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from training.fer2013 import Split
from training.ferplus import truth
from training.measures import expected_calibration_error, softmax

TRUTHS = {False: "FER2013", True: "FER+"}
LEAST_PROBABILITY = 1e-30  # below it float32's softmax gives 0, which has no logarithm


class Calibration(TypedDict):
    """A temperature and the calibration error without and with it."""

    truth: str  # whose labels: FER2013's own or FER+'s annotators'
    temperature: float
    ece_before: float
    ece_after: float


def logits_of(probabilities: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities [n, 7] -> the logits that give them at this temperature, up to a constant a picture."""
    logarithms: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY))
    return logarithms * temperature


def calibration(
    probabilities: NDArray[np.floating], split: Split, temperature: float, by_ferplus: bool = False
) -> Calibration:
    """Of a member or a vote whose `probabilities` [n, 7] are at this temperature: before is what it would be without.

    Measured by the truth that the temperature was fitted to.
    """
    counting, labels = truth(split, by_ferplus)
    probabilities = probabilities[counting]
    return {
        "truth": _truth_of(split, by_ferplus),
        "temperature": temperature,
        "ece_before": expected_calibration_error(softmax(logits_of(probabilities, temperature)), labels),
        "ece_after": expected_calibration_error(probabilities, labels),
    }


def _truth_of(split: Split, by_ferplus: bool) -> str:
    """Whose labels those are that `truth` gives."""
    return TRUTHS[by_ferplus and split.ferplus is not None]
