import numpy as np
import pytest

from training import frontier
from training.fer2013 import Split
from training.frontier import latency_frontier, subsets, truths_frontier

LABELS = np.arange(8) % 7
SEEN = (LABELS + 1) % 7  # what the annotators saw


def sure_of(labels: np.ndarray, confidence: float = 0.9) -> np.ndarray:
    rest = (1.0 - confidence) / 6.0
    return np.where(np.eye(7, dtype=bool)[labels], confidence, rest).astype(np.float32)


def split(ferplus: bool = True) -> Split:
    shares = np.eye(7, dtype=np.float32)[SEEN] if ferplus else None
    return Split("public_test", np.zeros((8, 48, 48), np.uint8), LABELS, shares)


def half_right(first: bool) -> np.ndarray:
    """Sure and right about one half, hesitant and wrong about the other."""
    right = (np.arange(8) < 4) == first
    return np.where(right[:, None], sure_of(LABELS), sure_of((LABELS + 3) % 7, 0.3))


MEMBERS = {"first": half_right(True), "second": half_right(False), "wrong": sure_of((LABELS + 2) % 7, 0.95)}
COSTS = {"first": 1.0, "second": 0.5, "wrong": 4.0}


def test_every_subset_is_looked_at_once() -> None:
    sizes = subsets(MEMBERS, LABELS)
    assert [len(size) for size in sizes] == [3, 3, 1]
    assert sizes[1]["first", "second"] == 1.0


def test_with_many_members_only_the_best_of_a_size_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "KEPT", 1)
    assert [len(size) for size in subsets(MEMBERS, LABELS)] == [3, 2, 1]


def test_the_most_accurate_of_a_size_is_taken_and_of_equals_the_cheapest() -> None:
    points = latency_frontier(subsets(MEMBERS, LABELS), MEMBERS, LABELS, COSTS)
    assert [point["members"] for point in points] == [["second"], ["first", "second"], ["first", "second", "wrong"]]
    assert [point["ms_per_crop"] for point in points] == [0.5, 1.5, 5.5]


def test_subsets_are_chosen_on_one_split_and_reported_on_the_other() -> None:
    turned = {name: np.roll(each, 1, axis=1) for name, each in MEMBERS.items()}
    pair = latency_frontier(subsets(MEMBERS, LABELS), turned, LABELS, COSTS)[1]
    assert (pair["public_test_accuracy"], pair["accuracy"]) == (1.0, 0.0)


def test_the_frontier_of_the_two_truths_runs_from_one_to_the_other() -> None:
    members = {"labels": sure_of(LABELS), "annotators": sure_of(SEEN), "neither": sure_of((LABELS + 2) % 7)}
    points = truths_frontier(subsets(members, LABELS), (members, split()), (members, split()))
    assert points[0] == {"members": ["labels"], "accuracy": 1.0, "ferplus_agreement": 0.0}
    assert points[-1] == {"members": ["annotators"], "accuracy": 0.0, "ferplus_agreement": 1.0}
    assert ["neither"] not in [point["members"] for point in points]


def test_without_the_annotators_there_is_no_second_truth() -> None:
    members = {"labels": sure_of(LABELS)}
    sizes = subsets(members, LABELS)
    assert truths_frontier(sizes, (members, split(ferplus=False)), (members, split())) == []
