import numpy as np
import pytest

from training.vote import choose_weights, equal_weights, fast_members, indispensable, soft_vote

LABELS = np.array([0, 1, 2, 3, 4, 5, 6, 0])


def sure_of(labels: np.ndarray, confidence: float) -> np.ndarray:
    rest = (1.0 - confidence) / 6.0
    return np.where(np.eye(7, dtype=bool)[labels], confidence, rest).astype(np.float32)


def test_a_vote_is_the_weighted_mean_of_probabilities() -> None:
    predictions = {"one": sure_of(LABELS, 0.9), "other": sure_of(LABELS, 0.5)}
    assert soft_vote(predictions, {"one": 0.75, "other": 0.25})[0, 0] == pytest.approx(0.8)


def test_a_member_that_only_harms_gets_no_weight() -> None:
    predictions = {"right": sure_of(LABELS, 0.6), "wrong": sure_of((LABELS + 1) % 7, 0.95)}
    assert choose_weights(predictions, LABELS) == {"right": 1.0}


def test_members_that_are_right_about_different_pictures_share_the_vote() -> None:
    half = np.arange(len(LABELS)) < 4
    wrong = (LABELS + 1) % 7
    predictions = {
        "first_half": np.where(half[:, None], sure_of(LABELS, 0.9), sure_of(wrong, 0.3)),
        "second_half": np.where(half[:, None], sure_of(wrong, 0.3), sure_of(LABELS, 0.9)),
    }
    weights = choose_weights(predictions, LABELS)
    assert set(weights) == {"first_half", "second_half"}
    assert (soft_vote(predictions, weights).argmax(axis=1) == LABELS).all()


def test_weights_sum_to_one() -> None:
    random = np.random.default_rng(0)
    predictions = {name: random.dirichlet(np.ones(7), 8).astype(np.float32) for name in "abc"}
    assert sum(choose_weights(predictions, LABELS).values()) == pytest.approx(1.0)
    assert sum(equal_weights(["a", "b", "c"]).values()) == pytest.approx(1.0)


def test_the_fast_vote_leaves_out_who_takes_more_than_three_quarters_of_the_slowest_ones_time() -> None:
    assert fast_members({"small": 0.4, "large": 4.0, "middling": 3.0, "larger": 3.1}) == ["small", "middling"]


def test_members_that_are_all_alike_have_no_fast_vote() -> None:
    assert fast_members({"one": 1.0, "other": 1.1}) == []


def test_a_fast_vote_does_without_a_member_that_is_worth_hardly_anything() -> None:
    labels = np.arange(2100) % 7
    parts = {"some": labels < 3, "others": labels >= 3, "one_picture": np.arange(2100) == 5}
    parts["others"] &= ~parts["one_picture"]
    predictions = {
        name: np.where(known[:, None], sure_of(labels, 0.9), np.float32(1 / 7)) for name, known in parts.items()
    }
    weights = {"some": 0.5, "others": 0.3, "one_picture": 0.2}
    assert indispensable(predictions, weights, labels) == pytest.approx({"some": 0.625, "others": 0.375})
    predictions = {"knows": sure_of(LABELS, 0.9), "guesses": sure_of((LABELS + 1) % 7, 0.2)}
    assert indispensable(predictions, {"knows": 0.5, "guesses": 0.5}, LABELS) == {"knows": 1.0}


def test_a_fast_vote_keeps_members_that_it_would_miss() -> None:
    half = np.arange(len(LABELS)) < 4
    predictions = {
        name: np.where(known[:, None], sure_of(LABELS, 0.9), np.float32(1 / 7))
        for name, known in (("first_half", half), ("second_half", ~half))
    }
    weights = {"first_half": 0.5, "second_half": 0.5}
    assert indispensable(predictions, weights, LABELS) == weights
