"""How a job's record in Redis reads: a hash of texts, written by jobs/store.py."""

import time
from collections.abc import Mapping
from typing import Final, TypeAlias, cast

import msgspec

from contracts.jobs import JobOptions, JobProgress, JobState, JobView, SegmentError, VideoFacts
from jobs.plan import Plan

Record: TypeAlias = Mapping[str, str]

TRIED: Final = ("tried:plan:", "tried:detect:", "tried:classify:", "tried:finish:", "attempts")
"""How often the work in hand was tried, and the most of what has ended."""

ERROR: Final = "error:"
"""Begins the field of a segment that is missing, or some of it."""

MOST_ERRORS: Final = 100
"""Stretches that a job's view names: a long video that is damaged all over has tens of thousands."""

FACTS: Final = ("state", "options", "segments", "start_s", "fps", "ticks", "video")
"""The fields that `state_of`, `options_of`, `plan_of` and `video_of` read."""


def state_of(record: Record) -> JobState:
    return cast(JobState, record["state"])


def options_of(record: Record) -> JobOptions:
    return msgspec.json.decode(record["options"], type=JobOptions)


def plan_of(record: Record) -> Plan | None:
    """None before the job was planned."""
    if "segments" not in record:
        return None
    return Plan(float(record["start_s"]), float(record["fps"]), int(record["ticks"]))


def video_of(record: Record) -> VideoFacts | None:
    """None before the video was looked at."""
    return msgspec.json.decode(record["video"], type=VideoFacts) if "video" in record else None


def missing_of(record: Record) -> dict[int, str]:
    """Segment -> why it, or some of it, is missing; in the order of the video."""
    errors = {int(name.removeprefix(ERROR)): message for name, message in record.items() if name.startswith(ERROR)}
    return dict(sorted(errors.items()))


def _stretches(missing: Mapping[int, str], plan: Plan) -> list[SegmentError]:
    """The first MOST_ERRORS of them; segments that follow each other and lack the same are one."""
    found: list[SegmentError] = []
    follows: tuple[int, str] | None = None
    for segment, message in missing.items():
        start_s, end_s = plan.span_of(segment)
        if (segment, message) == follows:
            found[-1] = SegmentError(found[-1].segment, found[-1].start_s, end_s, f"{message} (in each segment)")
        elif len(found) == MOST_ERRORS:
            break
        else:
            found.append(SegmentError(segment, start_s, end_s, message))
        follows = segment + 1, message
    return found


def view_of(job_id: str, record: Record) -> JobView:
    """A job's record as the API shows it."""
    started_s = _number(record, "started_s")
    ended_s = _number(record, "ended_s")
    segments, done = int(record.get("segments", 0)), int(record.get("segments_done", 0))
    failed = int(record.get("segments_failed", 0))
    eta_s = None
    if started_s is not None and ended_s is None and done:
        eta_s = round((time.time() - started_s) / done * (segments - done - failed), 1)
    plan = plan_of(record)
    seconds_done = 0.0 if plan is None else min(done * len(plan.ticks_of(0)), plan.ticks) / plan.fps
    return JobView(
        id=job_id,
        state=state_of(record),
        label=record["label"],
        file_name=record["file_name"],
        options=options_of(record),
        progress=JobProgress(
            frames_done=int(record.get("frames_done", 0)),
            frames_total=plan.ticks if plan else None,
            video_seconds_done=round(seconds_done, 3),
            eta_s=eta_s,
        ),
        attempts=max([int(value) for name, value in record.items() if name.startswith(TRIED)], default=0),
        errors=[] if plan is None else _stretches(missing_of(record), plan),
        message=record.get("message", ""),
        video=video_of(record),
        members=msgspec.json.decode(record["members"], type=dict[str, int]) if "members" in record else {},
        created_s=float(record["created_s"]),
        started_s=started_s,
        ended_s=ended_s,
        expires_s=_number(record, "expires_s"),
    )


def _number(record: Record, name: str) -> float | None:
    return float(record[name]) if name in record else None
