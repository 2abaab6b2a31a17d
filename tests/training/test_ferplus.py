import numpy as np

from training.ferplus import NO_MAJORITY, agreement, majority

SHARES = np.zeros((4, 7), np.float32)
SHARES[0, [3, 6]] = 0.7, 0.3
SHARES[1, [0, 1, 2]] = 0.4, 0.4, 0.2  # a tie at the top
SHARES[3, [4, 0, 1]] = 0.5, 0.25, 0.25  # a tie below it


def test_the_label_named_most_is_the_majority_unless_two_are() -> None:
    assert majority(SHARES).tolist() == [3, NO_MAJORITY, NO_MAJORITY, 4]


def test_agreement_counts_only_pictures_with_a_majority() -> None:
    probabilities = np.eye(7)[[3, 0, 0, 5]]
    assert agreement(probabilities, SHARES) == 0.5


def test_there_is_no_agreement_where_nobody_was_asked() -> None:
    assert agreement(np.eye(7)[:4], None) is None
    assert agreement(np.eye(7)[:4], np.zeros((4, 7), np.float32)) is None
