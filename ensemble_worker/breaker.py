"""A circuit breaker: a member that fails is skipped at once and comes back by itself.

closed (calls go) → open (skipped until its time) → half open (one probe) → closed or open again, for twice as long.
See M. Nygard, Release It!, chapter "Circuit Breaker".
"""

LONGEST_WAIT_S = 5.0


class Breaker:
    """One member's state; times are seconds of one monotonic clock."""

    def __init__(self, first_wait_s: float) -> None:
        self._first_wait_s = first_wait_s
        self._wait_s = first_wait_s
        self._open_until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._open_until is None

    def take_probe(self, now_s: float) -> bool:
        """True for the one caller that may try an open member whose time has come."""
        if self._open_until is None or self._probing or now_s < self._open_until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._open_until = None
        self._probing = False
        self._wait_s = self._first_wait_s

    def failed(self, now_s: float) -> None:
        # Calls that were under way when the member fell all fail; only a failed probe makes the wait longer.
        if self._open_until is None:
            self._wait_s = self._first_wait_s
        elif self._probing:
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._open_until = now_s + self._wait_s
        self._probing = False
