import numpy as np
import pytest

from training import measures

# Three classes of seven in use. Rows: 0 as 0, 0 as 1, 1 as 1, 2 as 0.
PROBABILITIES = np.zeros((4, 7))
PROBABILITIES[0, [0, 1]] = 0.9, 0.1
PROBABILITIES[1, [0, 1]] = 0.4, 0.6
PROBABILITIES[2, [1, 2]] = 0.8, 0.2
PROBABILITIES[3, [0, 2]] = 0.7, 0.3
LABELS = np.array([0, 0, 1, 2])


def test_accuracy_is_the_share_of_right_top_labels() -> None:
    assert measures.accuracy(PROBABILITIES, LABELS) == 0.5


def test_macro_recall_is_the_mean_over_labels_that_occur() -> None:
    assert measures.macro_recall(PROBABILITIES, LABELS) == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_macro_f1_weighs_what_was_given_against_what_occurred() -> None:
    assert measures.macro_f1(PROBABILITIES, LABELS) == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)


def test_confusion_counts_label_by_row_and_given_by_column() -> None:
    counts = measures.confusion(PROBABILITIES, LABELS)
    assert counts[0, 0] == counts[0, 1] == counts[1, 1] == counts[2, 0] == 1
    assert counts.sum() == 4


def test_wilsons_interval_is_the_textbooks() -> None:
    # 8 of 10: (0.4902, 0.9433), e.g. Brown, Cai and DasGupta 2001.
    assert measures.wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert measures.wilson_interval(0, 10)[0] == pytest.approx(0.0)


def test_calibration_error_is_the_mean_gap_of_confidence_and_accuracy() -> None:
    # Each picture in a bin of its own: |1 - .9| + |0 - .6| + |1 - .8| + |0 - .7| over four.
    assert measures.expected_calibration_error(PROBABILITIES, LABELS) == pytest.approx(1.6 / 4)


def test_in_one_bin_errors_cancel() -> None:
    assert measures.expected_calibration_error(PROBABILITIES, LABELS, bins=1) == pytest.approx(abs(2 - 3.0) / 4)


def test_likelihood_looks_at_each_pictures_own_label() -> None:
    expected = -np.log([0.9, 0.4, 0.8, 0.3]).mean()
    assert measures.negative_log_likelihood(PROBABILITIES, LABELS) == pytest.approx(expected)


def test_the_fitted_temperature_undoes_overconfidence() -> None:
    random = np.random.default_rng(0)
    honest = random.normal(0.0, 1.5, (20_000, 7))
    labels = np.array([random.choice(7, p=p) for p in measures.softmax(honest)])
    assert measures.fit_temperature(honest * 2.5, labels) == pytest.approx(2.5, rel=0.05)


def test_each_label_has_its_pictures_recall_precision_and_f1_where_there_is_something_to_divide_by() -> None:
    first, *_, last = measures.per_label(PROBABILITIES, LABELS)
    assert first == {"n": 2, "recall": 0.5, "precision": 0.5, "f1": 0.5}
    assert last == {"n": 0, "recall": None, "precision": None, "f1": None}


def test_the_bins_of_reliability_hold_every_picture() -> None:
    bins = measures.reliability(PROBABILITIES, LABELS)
    assert [each["n"] for each in bins] == [1, 1, 1, 1]
    assert bins[0] == {"n": 1, "confidence": 0.6, "accuracy": 0.0}
