import numpy as np
import pytest

from training.calibration import calibration, logits_of
from training.fer2013 import Split
from training.measures import expected_calibration_error, softmax


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Honest logits and labels drawn by them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0.0, 1.5, (count, 7))
    return logits, np.array([random.choice(7, p=p) for p in softmax(logits)])


def split_of(labels: np.ndarray, shares: np.ndarray | None = None) -> Split:
    return Split("test", np.zeros((len(labels), 48, 48), np.uint8), labels, shares)


def test_logits_come_back_up_to_a_constant_a_picture() -> None:
    logits, _ = drawn(5, seed=0)
    recovered = logits_of(softmax(logits / 1.7), 1.7)
    assert np.ptp(recovered - logits, axis=1) == pytest.approx(np.zeros(5), abs=1e-9)


def test_a_probability_of_zero_is_borne() -> None:
    assert np.isfinite(logits_of(np.eye(7, dtype=np.float32), 2.0)).all()


def test_a_members_error_without_its_temperature_is_recovered_from_its_probabilities() -> None:
    logits, labels = drawn(5_000, seed=0)
    measured = calibration(softmax(logits), split_of(labels), temperature=0.5)  # raw logits were halved in size
    assert measured["ece_before"] == pytest.approx(expected_calibration_error(softmax(0.5 * logits), labels), abs=1e-6)
    assert measured["ece_after"] < 0.04 < measured["ece_before"]


def test_by_the_annotators_truth_only_pictures_with_a_leading_label_count() -> None:
    logits, labels = drawn(5_000, seed=3)
    shares = np.eye(7, dtype=np.float32)[labels]
    shares[::2] = 0.0  # nobody named anything
    other = split_of((labels + 1) % 7, shares)
    measured = calibration(softmax(logits), other, temperature=0.5, by_ferplus=True)
    assert measured["truth"] == "FER+"
    assert measured["ece_after"] < 0.04 < measured["ece_before"]


def test_without_annotators_votes_the_truth_is_fer2013s_whoever_was_asked_for() -> None:
    logits, labels = drawn(100, seed=4)
    assert calibration(softmax(logits), split_of(labels), 1.0, by_ferplus=True)["truth"] == "FER2013"
