"""How a job is waited for, without the carrying: what to ask next, what the events say, when to lose patience."""

import time
from typing import Final

import httpx
import msgspec

from contracts.jobs import JobView
from thespis.errors import ThespisError, Unreachable

SILENCE_S: Final = 20.0
"""The server says something at least every 15 s; longer silence means that the connection is lost."""

PATIENCE_S: Final = 60.0
"""A gateway that is started again is back by then."""

POLL_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
PASSING: Final = frozenset({429, 502, 503, 504})
"""What a server says that will be well again by itself."""


class Waiting:
    """One wait for one job or one answer, over as many connections as it takes."""

    def __init__(self, timeout_s: float | None, *, known: bool = False) -> None:
        """`known`: the server was there just now. One that was never reached is not waited for."""
        self._known = known
        self._timeout_s = timeout_s
        self._end_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._last_event_id = ""
        self._id = self._data = ""
        self._heard = False
        self._deaf = False
        self._trouble_since_s: float | None = None
        self._pause_s = POLL_S

    def by_events(self) -> bool:
        """Whether to listen to events: not where none come through, nor near the end, which a read might outlast."""
        return not self._deaf and (self._end_s is None or self._end_s - time.monotonic() > SILENCE_S)

    def listen(self, response: httpx.Response) -> bool:
        """Whether this response carries events."""
        self._id = self._data = ""
        self._deaf = "text/event-stream" not in response.headers.get("Content-Type", "")
        return not self._deaf

    def headers(self) -> dict[str, str]:
        """With which the events are asked for: where they were lost they go on."""
        self._heard = False
        return {"Last-Event-ID": self._last_event_id} if self._last_event_id else {}

    def hear(self, line: str) -> JobView | None:
        """Takes one line of the events; the job where an event is complete with it."""
        self._heard = True
        self._trouble_since_s = None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            self._id = value
        elif name == "data":
            self._data += value
        elif not line and self._data:
            self._last_event_id = self._id or self._last_event_id
            data, self._data = self._data, ""
            return msgspec.json.decode(data, type=JobView)
        return None

    def stopped_hearing(self) -> None:
        """A connection ended that had not one line: what lies between keeps events back, so we ask instead."""
        self._deaf = not self._heard

    def pause_s(self) -> float:
        """How long to wait before asking again. Raises TimeoutError."""
        if self._end_s is None:
            return POLL_S
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"the job did not end within {self._timeout_s:g} s; it goes on")
        return min(POLL_S, left_s)

    def went_well(self) -> None:
        self._known = True
        self._trouble_since_s = None
        self._pause_s = POLL_S

    def troubled(self, problem: httpx.TransportError | Unreachable | ThespisError) -> float:
        """How long to wait before another try. Raises what was given where no other try would help."""
        if isinstance(problem, Unreachable):
            self._known = self._known or not isinstance(problem.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
            if not self._known:
                raise problem
        if isinstance(problem, ThespisError):
            if problem.problem.status not in PASSING:
                raise problem
            if problem.problem.type.endswith(":too_many_streams"):  # others listen; asking is open to all
                self._deaf = True
                return self.pause_s()
        if isinstance(problem, httpx.ReadTimeout):
            self.stopped_hearing()
        now = time.monotonic()
        self._trouble_since_s = self._trouble_since_s or now
        if now - self._trouble_since_s > PATIENCE_S:
            raise problem
        pause_s = max(self._pause_s, getattr(problem, "retry_after_s", None) or 0.0)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self.pause_s()
        return pause_s if self._end_s is None else max(0.0, min(pause_s, self._end_s - now))
