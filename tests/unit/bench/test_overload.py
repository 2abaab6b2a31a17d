"""What is made of an overload's rounds: noise is told, a collapse fails."""

from collections import Counter

from bench.overload import ROUNDS, TOO_MANY, Row, judge

TOLD = Counter({"too_many_sessions": ROUNDS * TOO_MANY})


def row(answered: float, load_ms: float = 0.0) -> Row:
    return {"answered_per_s": answered, "cpu_ms_per_frame": {"client": load_ms}}


def rounds(*overloads: Row, recovered_s: float | None = 0.0) -> list[Row]:
    return [{"peak": row(100.0), "overload": overload, "recovered_s": recovered_s} for overload in overloads]


def test_the_share_is_the_middle_one_so_that_one_slow_round_says_nothing() -> None:
    report = judge(rounds(row(90.0), row(30.0), row(85.0)), TOLD)
    assert (report["share_of_peak"], report["missed"], report["problems"]) == (0.85, [], [])


def test_processor_time_of_the_load_itself_is_not_the_platforms_fault() -> None:
    fewer = judge(rounds(*[row(75.0)] * ROUNDS), TOLD)
    fewer_with_a_costly_load = judge(rounds(*[row(75.0, load_ms=2.0)] * ROUNDS), TOLD)
    assert fewer["share_of_peak"] == 0.75
    assert float(str(fewer_with_a_costly_load["share_of_peak"])) > 0.75


def test_a_missed_target_is_told_and_a_collapse_is_a_problem() -> None:
    missed = judge(rounds(*[row(75.0)] * ROUNDS), TOLD)
    assert (missed["missed"], missed["problems"]) == (["75% of the peak; 80% wanted"], [])
    collapsed = judge(rounds(*[row(40.0)] * ROUNDS), TOLD)
    assert collapsed["problems"] == ["40% of the peak: it collapsed"]


def test_who_is_let_in_beyond_the_limit_or_refused_without_a_reason_is_a_problem() -> None:
    full = rounds(*[row(90.0)] * ROUNDS)
    assert judge(full, Counter({"too_many_sessions": ROUNDS * TOO_MANY - 1}))["problems"]
    assert judge(full, Counter({"too_many_sessions": ROUNDS * TOO_MANY - 1, "let in": 1}))["problems"]


def test_frames_still_lost_after_the_overload_are_a_problem() -> None:
    report = judge(rounds(*[row(90.0)] * ROUNDS, recovered_s=None), TOLD)
    assert report["problems"] == ["still dropping frames 10 s after the overload"]
