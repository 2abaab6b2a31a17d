"""Calibration error before and after temperature scaling, of members as exported and of their vote."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from training.measures import expected_calibration_error, fit_temperature, softmax

LEAST_PROBABILITY = 1e-30  # below it float32's softmax gives 0, which has no logarithm


class Calibration(TypedDict):
    """A temperature and the calibration error without and with it."""

    temperature: float
    ece_before: float
    ece_after: float


def logits_of(probabilities: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities [n, 7] -> the logits that give them at this temperature, up to a constant a picture."""
    logarithms: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY))
    return logarithms * temperature


def member_calibration(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], temperature: float
) -> Calibration:
    """Of a member whose `probabilities` were exported with `temperature`: before is what it would be without."""
    return {
        "temperature": temperature,
        "ece_before": expected_calibration_error(softmax(logits_of(probabilities, temperature)), labels),
        "ece_after": expected_calibration_error(probabilities, labels),
    }


def vote_calibration(
    chosen_on: tuple[NDArray[np.floating], NDArray[np.int64]],
    measured_on: tuple[NDArray[np.floating], NDArray[np.int64]],
) -> Calibration:
    """Of a vote, served as it is: a temperature fitted on one split's (probabilities, labels), tried on another's."""
    temperature = fit_temperature(logits_of(chosen_on[0]), chosen_on[1])
    probabilities, labels = measured_on
    return {
        "temperature": temperature,
        "ece_before": expected_calibration_error(probabilities, labels),
        "ece_after": expected_calibration_error(softmax(logits_of(probabilities) / temperature), labels),
    }
