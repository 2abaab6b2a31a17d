"""The jobs' records in Redis: references and numbers, never pixels.

A record is a hash; what must change in one step is a script (jobs/scripts.py). Work waits in stages: `plan` and
`finish` hold jobs, `detect` and `classify` segments, `notify` jobs whose end is told by a webhook, `tidy` jobs whose
leftovers may be removed. Whoever works on an
item claims it with a lease and renews it; an item whose lease has run out is claimed again by the next one.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import msgspec
import redis

from contracts.jobs import FINAL_STATES, JobOptions, JobProgress, JobState, JobView, SegmentError, VideoFacts
from jobs import scripts
from jobs.plan import Plan
from jobs.scripts import CHANGES

Stage = Literal["plan", "detect", "classify", "finish", "notify", "tidy"]

LEASE_S: Final = 5.0
"""How long a fallen worker's segment waits until another takes it."""

MAX_ATTEMPTS: Final = 8
UPLOAD_KEPT_S: Final = 120
IDEMPOTENCY_KEPT_S: Final = 24 * 3600
TRIED: Final = ("tried:plan:", "tried:detect:", "tried:classify:", "tried:finish:")
ALL_JOBS: Final = "thespis:jobs"
JOB: Final = "thespis:job:"

WORKED_ON_WHILE: Final[dict[Stage, str]] = {
    "plan": "queued",
    "detect": "running",
    "classify": "running",
    "finish": "running,cancelling",
    "notify": ",".join(sorted(FINAL_STATES)),
    "tidy": "",
}
"""Stage -> the states of a job in which its items are worth working on; in any other they are dropped."""


class UnknownJob(LookupError):
    """Raised when there is no job of that id; the caller's to correct."""


class KeyReused(ValueError):
    """Raised when an idempotency key came with another body before; the caller's to correct."""


def job_key(job_id: str) -> str:
    return JOB + job_id


def events_key(job_id: str) -> str:
    return f"thespis:job-events:{job_id}"


def _upload_key(job_id: str) -> str:
    return f"thespis:jobs:upload:{job_id}"


def stage_key(stage: Stage) -> str:
    return f"thespis:jobs:{stage}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One item that this worker may work on: a job, or one segment of it. `attempt` counts from 1."""

    stage: Stage
    job_id: str
    segment: int | None
    attempt: int

    @property
    def item(self) -> str:
        return self.job_id if self.segment is None else f"{self.job_id}:{self.segment}"


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a worker needs to know of a job."""

    state: JobState
    options: JobOptions
    file_name: str
    plan: Plan | None
    video: VideoFacts | None
    cancelling: bool


class JobStore:
    """Reads and changes records; blocking. Raises redis.RedisError when Redis is away."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    # Jobs

    def create(self, job_id: str, file_name: str, options: JobOptions, idempotency_key: str | None, digest: str) -> str:
        """Makes a queued job; its id, or that of the earlier job of the same key and body. Raises KeyReused."""
        fields = {
            "options": msgspec.json.encode(options),
            "file_name": file_name,
            "label": options.label,
        }
        key = "" if idempotency_key is None else f"thespis:jobs:key:{idempotency_key}"
        found = self._run(
            scripts.CREATE,
            [job_key(job_id), events_key(job_id), ALL_JOBS, stage_key("plan"), key],
            [job_id, digest, time.time(), IDEMPOTENCY_KEPT_S, JOB, *_flat(fields)],
        )
        if not found:
            raise KeyReused("this Idempotency-Key was used with another body")
        return cast(bytes, found).decode()

    def facts(self, job_id: str) -> JobFacts:
        """Raises UnknownJob."""
        record = self._record(job_id)
        plan = None
        if "segments" in record:
            plan = Plan(float(record["start_s"]), float(record["fps"]), int(record["ticks"]))
        state = cast(JobState, record["state"])
        return JobFacts(
            state=state,
            options=msgspec.json.decode(record["options"], type=JobOptions),
            file_name=record["file_name"],
            plan=plan,
            video=msgspec.json.decode(record["video"], type=VideoFacts) if "video" in record else None,
            cancelling=state == "cancelling",
        )

    def view(self, job_id: str) -> JobView:
        """The job as the API shows it. Raises UnknownJob."""
        return view_of(job_id, self._record(job_id))

    def ids(self, newest_first_from: int = 0, count: int = 100) -> list[str]:
        """Ids of jobs, the newest first."""
        found = self._redis.zrevrange(ALL_JOBS, newest_first_from, newest_first_from + count - 1)
        return [job_id.decode() for job_id in cast(list[bytes], found)]

    def unfinished(self) -> int:
        """How many jobs are not in a final state."""
        ids = self.ids(0, 10_000)
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hget(job_key(job_id), "state")
            return sum(state is not None and state.decode() not in FINAL_STATES for state in pipeline.execute())

    def start(self, job_id: str, plan: Plan, video: VideoFacts, members: Mapping[str, int]) -> bool:
        """A planned job begins: its segments wait to be detected. False when it was cancelled meanwhile."""
        fields = {
            "ticks": plan.ticks,
            "fps": plan.fps,
            "start_s": plan.start_s,
            "video": msgspec.json.encode(video),
            "members": msgspec.json.encode(dict(members)),
            "started_s": time.time(),
        }
        keys = [job_key(job_id), events_key(job_id), stage_key("plan"), stage_key("detect")]
        return bool(self._run(scripts.START, keys, [job_id, plan.segments, *_flat(fields)]))

    def change_state(
        self, job_id: str, allowed: tuple[JobState, ...], state: JobState, fields: Mapping[str, Any] | None = None
    ) -> JobState | None:
        """The state before, or None when that was none of the allowed ones and nothing was changed."""
        before = self._run(
            scripts.CHANGE_STATE,
            [job_key(job_id), events_key(job_id)],
            [",".join(allowed), state, *_flat(fields or {"touched": 1})],
        )
        return None if before is None else cast(JobState, cast(bytes, before).decode())

    def cancel(self, job_id: str) -> JobState:
        """Asks for the end of a job; its state now. A job that has ended stays as it is. Raises UnknownJob."""
        keys = [job_key(job_id), events_key(job_id), stage_key("plan"), stage_key("finish")]
        if self._run(scripts.CANCEL, keys, [job_id]):
            self._withdraw_segments(job_id)
        return self.facts(job_id).state

    def end(
        self, job_id: str, state: JobState, message: str = "", *, expires_s: float | None = None, notify: bool = False
    ) -> bool:
        """Puts a job into a final state, once; False when it was in one already. `notify`: its webhook is due."""
        now = time.time()
        fields: dict[str, Any] = {"ended_s": now, "message": message}
        if expires_s is not None:
            fields["expires_s"] = expires_s
        stages = [stage_key(stage) for stage in ("plan", "finish", "tidy", "notify")]
        changed = self._run(
            scripts.END,
            [job_key(job_id), events_key(job_id), *stages],
            [job_id, state, now + 2 * LEASE_S, int(notify), *_flat(fields)],
        )
        self._withdraw_segments(job_id)
        return bool(changed)

    def forget(self, job_id: str) -> None:
        """Removes the record; what waits in a stage is dropped by whoever comes upon it."""
        self._redis.zrem(ALL_JOBS, job_id)
        self._redis.delete(job_key(job_id), events_key(job_id))
        self._redis.xadd(CHANGES, {"job": job_id}, maxlen=1000)

    def last_change(self) -> str:
        """The place in the stream of changes after which all that follows is new."""
        newest = cast(list[tuple[bytes, dict[bytes, bytes]]], self._redis.xrevrange(CHANGES, count=1))
        return newest[0][0].decode() if newest else "0"

    def _withdraw_segments(self, job_id: str) -> None:
        """Tells whoever works on them that it is for nothing."""
        record = self._redis.hget(job_key(job_id), "segments")
        segments = int(cast(bytes, record)) if record else 0
        with self._redis.pipeline(transaction=False) as pipeline:
            for first in range(0, segments, 1000):
                items = [f"{job_id}:{segment}" for segment in range(first, min(first + 1000, segments))]
                pipeline.zrem(stage_key("detect"), *items)
                pipeline.zrem(stage_key("classify"), *items)
            pipeline.execute()

    # Work

    def claim(self, stage: Stage) -> Claim | None:
        """The next item that waits or whose lease has run out; None when there is none."""
        now = time.time()
        arguments = [now, now + LEASE_S, stage, JOB, WORKED_ON_WHILE[stage]]
        found = self._run(scripts.CLAIM, [stage_key(stage)], arguments)
        if not found:
            return None
        item, attempt = cast(tuple[bytes, int], found)
        job_id, _, segment = item.decode().partition(":")
        return Claim(stage, job_id, int(segment) if segment else None, attempt)

    def renew(self, claim: Claim) -> bool:
        """Keeps a claim for another lease; False when the item is no longer there, so the work is for nothing."""
        return bool(self._run(scripts.RENEW, [stage_key(claim.stage)], [claim.item, time.time() + LEASE_S]))

    def put_back(self, claim: Claim, message: str) -> None:
        """After a failed attempt: it may be claimed again after a wait that doubles."""
        wait_s = min(0.5 * 2**claim.attempt, 15.0)
        if claim.stage == "notify":  # the receiver may be away for an hour
            wait_s = 3**claim.attempt * random.uniform(0.5, 1.0)  # noqa: S311  spreads the load, keeps no secret
        segment = "" if claim.segment is None else claim.segment
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        self._run(scripts.PUT_BACK, keys, [claim.item, time.time() + wait_s, segment, message])

    def trouble(self, claim: Claim) -> str:
        """What went wrong with this item last."""
        segment = "" if claim.segment is None else claim.segment
        message = self._redis.hget(job_key(claim.job_id), f"trouble:{segment}")
        return cast(bytes, message).decode() if message else "the workers on it ended without a word"

    def detected(self, claim: Claim) -> bool:
        """The segment's crops lie in its part file; False when the job or the claim is gone."""
        return bool(
            self._run(
                scripts.MOVE_SEGMENT,
                [job_key(claim.job_id), events_key(claim.job_id), stage_key("detect"), stage_key("classify")],
                [claim.item, claim.item, (claim.segment or 0) * 1e-3],
            )
        )

    def end_segment(self, claim: Claim, frames: int, error: str = "") -> int:
        """A segment is done, or given up with an error. 2 when it was the job's last, 0 when the claim is gone."""
        return cast(
            int,
            self._run(
                scripts.END_SEGMENT,
                [
                    job_key(claim.job_id), events_key(claim.job_id),
                    stage_key("detect"), stage_key("classify"), stage_key("finish"),
                ],
                [claim.item, claim.job_id, claim.segment or 0, frames, error, time.time()],
            ),
        )  # fmt: skip

    def waiting(self, stage: Stage) -> int:
        """How many items may be claimed now."""
        return self._redis.zcount(stage_key(stage), "-inf", time.time())

    # Uploads that have no record yet

    def upload_goes_on(self, job_id: str) -> None:
        """Keeps the files of an upload from being taken for leftovers, for a while."""
        self._redis.set(_upload_key(job_id), 1, ex=UPLOAD_KEPT_S)

    def upload_ended(self, job_id: str) -> None:
        self._redis.delete(_upload_key(job_id))

    def is_known(self, job_id: str) -> bool:
        """Whether there is a record, or an upload under way."""
        return bool(self._redis.exists(job_key(job_id), _upload_key(job_id)))

    def drop(self, claim: Claim) -> None:
        """Takes an item out of its stage."""
        self._redis.zrem(stage_key(claim.stage), claim.item)

    def postpone(self, claim: Claim, until_s: float) -> None:
        """Lets an item be claimed again at a later time."""
        self._redis.zadd(stage_key(claim.stage), {claim.item: until_s}, xx=True)

    def _record(self, job_id: str) -> dict[str, str]:
        found = cast(dict[bytes, bytes], self._redis.hgetall(job_key(job_id)))
        if b"state" not in found:
            raise UnknownJob(f"there is no job {job_id}")
        return {name.decode(): value.decode() for name, value in found.items()}

    def _run(self, script: str, keys: list[str], arguments: list[Any]) -> object:
        return self._redis.eval(script, len(keys), *keys, *arguments)


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for name, value in fields.items() for part in (name, value)]


def view_of(job_id: str, record: Mapping[str, str]) -> JobView:
    """A job's record as the API shows it."""
    started_s = _number(record, "started_s")
    ended_s = _number(record, "ended_s")
    segments, done = int(record.get("segments", 0)), int(record.get("segments_done", 0))
    failed = int(record.get("segments_failed", 0))
    eta_s = None
    if started_s is not None and ended_s is None and done:
        eta_s = round((time.time() - started_s) / done * (segments - done - failed), 1)
    plan = Plan(float(record["start_s"]), float(record["fps"]), int(record["ticks"])) if segments else None
    errors = []
    for name, message in sorted(record.items()):
        kind, _, segment = name.partition(":")
        if kind == "error" and plan is not None:
            start_s, end_s = plan.span_of(int(segment))
            errors.append(SegmentError(int(segment), start_s, end_s, message))
    seconds_done = 0.0 if plan is None else min(done * len(plan.ticks_of(0)), plan.ticks) / plan.fps
    return JobView(
        id=job_id,
        state=cast(JobState, record["state"]),
        label=record["label"],
        file_name=record["file_name"],
        options=msgspec.json.decode(record["options"], type=JobOptions),
        progress=JobProgress(
            frames_done=int(record.get("frames_done", 0)),
            frames_total=plan.ticks if plan else None,
            video_seconds_done=round(seconds_done, 3),
            eta_s=eta_s,
        ),
        attempts=max([int(value) for name, value in record.items() if name.startswith(TRIED)], default=0),
        errors=sorted(errors, key=lambda error: error.segment),
        message=record.get("message", ""),
        video=msgspec.json.decode(record["video"], type=VideoFacts) if "video" in record else None,
        members=msgspec.json.decode(record["members"], type=dict[str, int]) if "members" in record else {},
        created_s=float(record["created_s"]),
        started_s=started_s,
        ended_s=ended_s,
        expires_s=_number(record, "expires_s"),
    )


def _number(record: Mapping[str, str], name: str) -> float | None:
    return float(record[name]) if name in record else None
