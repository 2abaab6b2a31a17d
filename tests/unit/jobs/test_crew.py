"""A crew works beside everything else, on as many items at once as it has threads."""

import threading
from collections.abc import Callable

from jobs.crew import Crew
from runtime.celery_worker import may_end


def items(count: int, do: Callable[[], None]) -> Callable[[], bool]:
    """Work on so many items."""
    left = iter(range(count))

    def work() -> bool:
        if next(left, None) is None:
            return False
        do()
        return True

    return work


def test_who_is_called_works_until_nothing_waits() -> None:
    done: list[int] = []
    working = Crew(1, "test", items(3, lambda: done.append(1))).call()
    assert working is not None
    working.result()
    assert len(done) == 3


def test_nobody_answers_while_all_are_busy_and_the_next_call_is_heard_again() -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def take_long() -> None:
        begun.release()
        assert go_on.wait(30)

    crew = Crew(2, "test", items(2, take_long))
    first, second = crew.call(), crew.call()
    for _ in range(2):
        assert begun.acquire(timeout=30)
    assert crew.call() is None
    go_on.set()
    for working in (first, second):
        assert working is not None
        working.result()
    assert crew.call() is not None


def test_one_that_falls_is_idle_again() -> None:
    def fall() -> bool:
        raise ConnectionError

    crew = Crew(1, "test", fall)
    for _ in range(2):
        working = crew.call()
        assert working is not None
        working.result()


def test_a_closed_crew_ends_with_the_item_in_hand() -> None:
    done: list[int] = []
    crew = Crew(1, "test", items(3, lambda: (done.append(1), crew.close())[1]))
    working = crew.call()
    assert working is not None
    working.result()
    assert len(done) == 1


def test_a_worker_that_has_grown_is_not_replaced_while_a_crew_has_something_in_hand() -> None:
    """It would take nothing more, and live on until that is done."""
    go_on = threading.Event()
    working = Crew(1, "test", items(1, lambda: bool(go_on.wait(30)))).call()
    assert working is not None
    assert not may_end(held_mb=2.0, most_mb=1.0)
    go_on.set()
    working.result()
    assert may_end(held_mb=2.0, most_mb=1.0)
    assert not may_end(held_mb=1.0, most_mb=1.0)
