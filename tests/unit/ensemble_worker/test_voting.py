import numpy as np
import pytest

from contracts.members import Vote, asked_members
from ensemble_worker.voting import soft_vote

HAPPY = np.array([[0, 0, 0, 1, 0, 0, 0]], np.float32)
SAD = np.array([[0, 0, 0, 0, 1, 0, 0]], np.float32)


def test_the_vote_is_the_weighted_mean() -> None:
    vote = soft_vote({"a": HAPPY, "b": SAD}, Vote({"a": 3, "b": 1}))
    assert vote[0, 3] == pytest.approx(0.75)
    assert vote[0, 4] == pytest.approx(0.25)


def test_a_temperature_below_one_makes_the_vote_surer_of_the_same_label() -> None:
    vote = soft_vote({"a": HAPPY, "b": SAD}, Vote({"a": 3, "b": 1}, temperature=0.5))
    assert vote[0, 3] == pytest.approx(0.9), "0.75 squared to 0.25 squared is as 9 to 1"
    assert vote[0, 4] == pytest.approx(0.1)


def test_a_missing_member_leaves_its_weight_to_the_others() -> None:
    vote = soft_vote({"b": SAD, "c": HAPPY}, Vote({"a": 0.6, "b": 0.2, "c": 0.2}))
    assert vote[0, 3] == pytest.approx(0.5)


def test_the_temperature_is_for_all_that_have_a_weight_and_for_fewer_there_is_none() -> None:
    weights = {"a": 0.6, "b": 0.3, "c": 0.1, "idle": 0.0}
    of_two = soft_vote({"b": SAD, "c": HAPPY}, Vote(weights, temperature=0.5))
    assert of_two[0, 4] == pytest.approx(0.75)
    of_all = soft_vote({"a": SAD, "b": SAD, "c": HAPPY}, Vote(weights, temperature=0.5))
    assert of_all[0, 4] == pytest.approx(0.81 / 0.82)


def test_members_without_weight_vote_alike_when_nobody_else_answered() -> None:
    assert soft_vote({"b": SAD}, Vote({"a": 1.0}))[0, 4] == pytest.approx(1.0)


def test_every_row_sums_to_one_even_when_the_members_do_not() -> None:
    vote = soft_vote({"a": HAPPY * 0.9, "b": SAD * 0.8}, Vote({"a": 1, "b": 1}))
    assert vote.sum(axis=1) == pytest.approx(1.0)


def test_asked_are_those_with_a_weight_and_everybody_where_each_one_is_shown() -> None:
    weights = {"a": 0.5, "b": 0.5, "c": 0.0}
    assert asked_members(weights, ["a", "b", "c", "d"], votes=False) == ["a", "b"]
    assert asked_members(weights, ["a", "b", "c", "d"], votes=True) == ["a", "b", "c", "d"]
    assert asked_members(weights, ["c", "d"], votes=False) == ["c", "d"], "nobody of the vote is served here"
