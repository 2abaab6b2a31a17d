import itertools

from gateway.middlewares import LEAST_BYTES, LOOKS, Pace

STALL_S = 30.0
LOOK_S = STALL_S / LOOKS


def looks(*arrivals: tuple[float, int]) -> list[float]:
    """When the body stands still, of two minutes of looks: each arrival is a time and how many bytes came by then."""
    pace = Pace(STALL_S, 0.0)
    times = itertools.takewhile(lambda now: now <= 4 * STALL_S, itertools.count(LOOK_S, LOOK_S))
    return [now for now in times if pace.stands_still(max((n for at, n in arrivals if at <= now), default=0), now)]


def test_a_pause_that_ends_in_time_costs_nothing() -> None:
    resumed = STALL_S - LOOK_S
    steadily = [(resumed + second, (2 + second) * LEAST_BYTES) for second in range(120)]
    assert looks((0.0, LEAST_BYTES), *steadily) == []


def test_a_body_that_stops_stands_still_once_the_time_is_over_and_not_before() -> None:
    assert looks((0.0, LEAST_BYTES))[0] == STALL_S + LOOK_S  # it was seen at the first look
    assert looks()[0] == STALL_S


def test_a_drop_at_a_time_is_not_enough() -> None:
    drops = [(float(second), second * (LEAST_BYTES // 60)) for second in range(120)]
    assert looks(*drops)[0] == STALL_S
