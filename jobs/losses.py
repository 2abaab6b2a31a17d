"""Which looked-at moments damage took from a segment, told apart from those in which a video just shows no new frame.

A gap alone proves nothing: a screen recording holds a frame for as long as nothing moves. It is a loss where something
else says so - a packet that can't be decoded, bytes that belong to no packet, a video that ends before its declared
end - and where it is longer than the gaps of which nothing says so.
"""

from dataclasses import dataclass, field
from typing import Final

from jobs.plan import Plan

BEYOND_ORDINARY: Final = 1.5
"""How many times the longest gap that nothing speaks against a loss is."""

NEAR_S: Final = 0.5
"""Frames are stored in another order than they are shown, so damage is not met exactly where its gap is."""

FORGIVEN_END_S: Final = 1.0
"""Declared lengths are rounded, or those of the sound."""


@dataclass(slots=True)
class Losses:
    """Watches the frames of one segment as they are read."""

    plan: Plan
    ticks: range
    _damaged_s: list[float] = field(default_factory=list)
    _shown_s: float | None = None
    _longest_ordinary_s: float = 0.0
    _suspects: list[tuple[float, int]] = field(default_factory=list)

    def damaged(self, time_s: float) -> None:
        """There is damage in the file about here."""
        self._damaged_s.append(time_s)

    def shown(self, time_s: float) -> None:
        """The next frame in the order of showing."""
        if self._shown_s is not None:
            self._note(self._shown_s, time_s, self._is_damaged(self._shown_s, time_s))
        else:
            # A segment is read from a key frame before it; where none was found, it was there all the same.
            start_s = self.plan.time_of(self.ticks.start)
            self._note(start_s - 1 / self.plan.fps, time_s, self.ticks.start > 0 or self._is_damaged(start_s, time_s))
        self._shown_s = time_s

    def ended(self, reached_s: float, declared_s: float) -> None:
        """There are no more frames; what was read reaches to the one time, and should to the other."""
        first_s = self.plan.time_of(self.ticks.start)
        shown_s = self._shown_s if self._shown_s is not None else first_s - 1 / self.plan.fps
        reached_s = max(reached_s, shown_s)
        if declared_s - reached_s > max(FORGIVEN_END_S, BEYOND_ORDINARY * self._longest_ordinary_s):
            self._suspects.append((declared_s - reached_s, self._ticks_between(reached_s, declared_s)))

    @property
    def ticks_lost(self) -> int:
        """How many of the segment's ticks have no frame although they should."""
        ordinary_s = BEYOND_ORDINARY * self._longest_ordinary_s
        return sum(ticks for gap_s, ticks in self._suspects if gap_s > ordinary_s)

    def _note(self, from_s: float, to_s: float, suspicious: bool) -> None:
        if not suspicious:
            self._longest_ordinary_s = max(self._longest_ordinary_s, to_s - from_s)
        elif ticks := self._ticks_between(from_s, to_s):
            self._suspects.append((to_s - from_s, ticks))

    def _is_damaged(self, from_s: float, to_s: float) -> bool:
        return any(from_s - NEAR_S <= time_s <= to_s + NEAR_S for time_s in self._damaged_s)

    def _ticks_between(self, from_s: float, to_s: float) -> int:
        """The segment's ticks after that of the one time and before that of the other."""
        first = max(self.ticks.start, self.plan.tick_at(from_s) + 1)
        return max(0, min(self.ticks.stop, self.plan.tick_at(to_s)) - first)
