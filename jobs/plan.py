"""Which moments of a video are looked at, and which stretch of it one task handles.

Moments are ticks: tick k is the time from k / fps to (k + 1) / fps after the start, and the first frame that is shown
within it is the one that is looked at. So every segment can be worked on alone, every frame is looked at once at most,
and times are those of the video, also where its frame rate varies.
"""

import math
from dataclasses import dataclass

from contracts.jobs import JobOptions, VideoFacts

TICKS_PER_SEGMENT = 25
"""Five seconds at five frames a second: under a second of work, so little is lost when a worker dies."""

MAX_TICKS = 1_000_000

FORGIVEN_S = 0.000_6
"""Matroska and WebM round time stamps to milliseconds; at its own frame rate each frame still has a tick of its own."""


class NothingToDo(ValueError):
    """Raised when the options leave nothing of the video; the sender's to correct."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The ticks of one job: the first begins at `start_s`; `ticks` of them, cut into segments."""

    start_s: float
    fps: float
    ticks: int

    @property
    def segments(self) -> int:
        return math.ceil(self.ticks / TICKS_PER_SEGMENT)

    def ticks_of(self, segment: int) -> range:
        """The ticks that one segment covers."""
        first = segment * TICKS_PER_SEGMENT
        return range(first, min(first + TICKS_PER_SEGMENT, self.ticks))

    def tick_at(self, time_s: float) -> int:
        """The tick in which a frame shown at `time_s` falls."""
        return math.floor((time_s - self.start_s + FORGIVEN_S) * self.fps)

    def time_of(self, tick: int) -> float:
        return self.start_s + tick / self.fps

    def span_of(self, segment: int) -> tuple[float, float]:
        """From when to when, in seconds of the video."""
        ticks = self.ticks_of(segment)
        return self.time_of(ticks.start), self.time_of(ticks.stop)


def plan_video(video: VideoFacts, options: JobOptions) -> Plan:
    """Raises NothingToDo."""
    fps = video.sampled_fps(options.fps)
    end_s = min(video.duration_s, options.end_s) if options.end_s is not None else video.duration_s
    if options.start_s >= end_s:
        raise NothingToDo(f"nothing lies between {options.start_s:g} s and {end_s:g} s of this video")
    ticks = math.ceil((end_s - options.start_s - FORGIVEN_S) * fps)
    if ticks > MAX_TICKS:
        raise NothingToDo(f"{ticks:,} sampled frames are more than {MAX_TICKS:,}; lower fps or cut the video")
    return Plan(options.start_s, fps, max(1, ticks))
