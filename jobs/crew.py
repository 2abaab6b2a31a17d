"""A few threads that work on one stage beside all others, where a single item may take long."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from runtime.pulse import PULSE

log = structlog.get_logger("thespis.jobs")


class Crew:
    """So many threads; `work` does one item and tells whether there was one."""

    def __init__(self, count: int, name: str, work: Callable[[], bool]) -> None:
        self._name: Final = name
        self._work = work
        self._threads = ThreadPoolExecutor(count, name)
        self._idle = threading.Semaphore(count)
        self._closed = threading.Event()

    def call(self) -> "Future[None] | None":
        """Lets an idle one work until nothing waits; None while all are busy, who will look for more themselves."""
        if not self._idle.acquire(blocking=False):
            return None
        PULSE.thread_begins()
        return self._threads.submit(self._serve)

    def close(self) -> None:
        """Lets nobody begin another item; the process ends when those in hand are done or handed back."""
        self._closed.set()

    def _serve(self) -> None:
        try:
            while not self._closed.is_set() and self._work():
                pass
        except Exception:
            # The outermost loop: Redis may be away for a while; the sweeper calls again.
            log.warning("crew_failed", crew=self._name, exc_info=True)
        finally:
            PULSE.thread_ends()
            self._idle.release()
