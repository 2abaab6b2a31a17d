"""Whether a worker gets on: its consumer is connected, and its loop or the work in hand moved not long ago."""

import threading
import time
from typing import Final

STUCK_AFTER_S: Final = 30.0


class Pulse:
    """The worker's loop beats once a second (runtime/celery_worker.py); work in it that takes longer beats itself."""

    def __init__(self) -> None:
        self.connected = False
        self._last_beat = time.monotonic()
        self._stop_asked: float | None = None
        self._task_began: dict[str, float] = {}
        self._threads_at_work = 0
        self._counting = threading.Lock()

    def beat(self) -> None:
        self._last_beat = time.monotonic()

    def healthy(self) -> bool:
        # A copy: a thread of the pool may begin a task meanwhile.
        moved = min([self._last_beat, *self._task_began.copy().values()])
        return self.connected and time.monotonic() - moved < STUCK_AFTER_S

    def task_begins(self, task_id: str) -> None:
        """A thread of the pool has a task in hand until `task_ends`; the loop beats whatever becomes of it."""
        self._task_began[task_id] = time.monotonic()

    def task_ends(self, task_id: str) -> None:
        self._task_began.pop(task_id, None)

    def ask_to_stop(self) -> None:
        self._stop_asked = time.monotonic()

    def stopping_for_s(self) -> float:
        """How long ago this worker was told to stop; 0 when it was not."""
        return 0.0 if self._stop_asked is None else time.monotonic() - self._stop_asked

    def thread_begins(self) -> None:
        """A thread beside the loop has work in hand until `thread_ends`."""
        with self._counting:
            self._threads_at_work += 1

    def thread_ends(self) -> None:
        with self._counting:
            self._threads_at_work -= 1

    def has_threads_at_work(self) -> bool:
        return self._threads_at_work > 0


PULSE: Final = Pulse()
"""One process, one pulse."""
