import pytest

from faces.certainty import agreement, is_uncertain


def test_agreement_is_the_share_of_members_behind_the_vote() -> None:
    assert agreement(3, [3, 3, 6]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("top_probability", "share", "uncertain"),
    [(0.9, 1.0, False), (0.5, 0.5, False), (0.49, 1.0, True), (0.9, 1 / 3, True)],
)
def test_a_vote_is_uncertain_without_half_of_the_probability_or_of_the_members(
    top_probability: float, share: float, uncertain: bool
) -> None:
    assert is_uncertain(top_probability, share) is uncertain
