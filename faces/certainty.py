"""When a vote deserves trust: how far the members agree and when the page says `uncertain`."""

from collections.abc import Sequence

MIN_TOP_PROBABILITY = 0.5
MIN_AGREEMENT = 0.5


def agreement(top_of_vote: int, tops_of_members: Sequence[int]) -> float:
    """The share of members whose top label is the vote's, 0 to 1."""
    return sum(top == top_of_vote for top in tops_of_members) / len(tops_of_members)


def is_uncertain(top_probability: float, agreement_share: float) -> bool:
    """A vote is uncertain when its top label has less than half of the probability or of the members behind it."""
    return top_probability < MIN_TOP_PROBABILITY or agreement_share < MIN_AGREEMENT
