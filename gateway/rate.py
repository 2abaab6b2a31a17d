"""How often: a token bucket for the frames that a session may send, and a beat for what it has done for it."""

import math


class Rate:
    """Allows `per_second` in the long run and up to one second's worth at once."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._tokens = max(1.0, per_second)
        self._filled_at: float | None = None

    def allows(self, now_s: float) -> bool:
        """Takes one token if there is one; `now_s` never goes backwards."""
        if self._filled_at is not None:
            earned = (now_s - self._filled_at) * self._per_second
            self._tokens = min(max(1.0, self._per_second), self._tokens + earned)
        self._filled_at = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Beat:
    """Something that is done so many times a second at the most, evenly."""

    def __init__(self) -> None:
        self._done_at = -math.inf

    def is_due(self, now_s: float, per_second: float) -> bool:
        """Counts as done now where it is due; with 0 a second it always is."""
        if per_second and now_s - self._done_at < 1 / per_second:
            return False
        self._done_at = now_s
        return True
