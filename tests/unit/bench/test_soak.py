"""What a soak must have seen before it may say that nothing is wrong."""

from collections import Counter

from bench.soak import RATES, Ledger, _too_few


def test_a_half_in_which_everything_came_back_has_no_problem() -> None:
    frames = round(sum(RATES) * 60)
    ledger = Ledger(frames=frames, answers=Counter(result=frames), jobs=3)
    assert _too_few(ledger, 60.0) == []


def test_sessions_that_are_not_let_in_are_a_problem() -> None:
    ledger = Ledger(frames=0, reconnects=2000, jobs=3)
    assert _too_few(ledger, 60.0) == ["only 0 frames could be sent in 60 s"]
