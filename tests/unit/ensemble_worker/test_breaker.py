from ensemble_worker.breaker import LONGEST_WAIT_S, Breaker


def test_a_member_that_fails_is_skipped_until_its_time() -> None:
    breaker = Breaker(0.5)
    breaker.failed(10.0)
    assert not breaker.closed
    assert not breaker.take_probe(10.4)
    assert breaker.take_probe(10.5)


def test_only_one_caller_may_probe() -> None:
    breaker = Breaker(0.5)
    breaker.failed(0.0)
    assert breaker.take_probe(1.0)
    assert not breaker.take_probe(1.0)


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = Breaker(0.5)
    breaker.failed(0.0)
    breaker.take_probe(1.0)
    breaker.succeeded()
    assert breaker.closed


def test_each_failed_probe_doubles_the_wait_up_to_a_limit() -> None:
    breaker = Breaker(0.5)
    now = 0.0
    breaker.failed(now)
    for wait in (0.5, 1.0, 2.0, 4.0, LONGEST_WAIT_S, LONGEST_WAIT_S):
        assert not breaker.take_probe(now + wait - 0.01)
        assert breaker.take_probe(now + wait)
        now += wait
        breaker.failed(now)


def test_calls_under_way_when_the_member_fell_do_not_lengthen_the_wait() -> None:
    breaker = Breaker(0.5)
    breaker.failed(0.0)
    breaker.failed(0.0)
    breaker.failed(0.0)
    assert breaker.take_probe(0.5)


def test_after_recovery_the_wait_is_short_again() -> None:
    breaker = Breaker(0.5)
    breaker.failed(0.0)
    breaker.take_probe(0.5)
    breaker.failed(0.5)
    breaker.take_probe(1.5)
    breaker.succeeded()
    breaker.failed(2.0)
    assert breaker.take_probe(2.5)
