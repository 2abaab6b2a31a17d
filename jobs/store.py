"""The jobs' records in Redis: references and numbers, never pixels.

A record is a hash; what must change in one step is a script (jobs/scripts.py). Work waits in stages: `plan` and
`finish` hold jobs, `detect` and `classify` segments, `notify` jobs whose end is told by a webhook, `tidy` jobs whose
leftovers may be removed. Whoever works on an item claims it with a lease and renews it; an item whose lease has run out
is claimed again by the next one. How a record reads: jobs/record.py.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import msgspec
import redis

from contracts.jobs import FINAL_STATES, JobOptions, JobState, JobView, VideoFacts
from jobs import scripts
from jobs.plan import Plan
from jobs.record import FACTS, Record, options_of, plan_of, state_of, video_of, view_of
from jobs.scripts import CHANGES
from runtime import tracing

Stage = Literal["plan", "detect", "classify", "finish", "notify", "tidy"]

LEASE_S: Final = 5.0
"""How long a fallen worker's segment waits until another takes it."""

NOT_OURS: Final = 0
LAST_SEGMENT: Final = 2
MAX_ATTEMPTS: Final = 8
UPLOAD_KEPT_S: Final = 120
IDEMPOTENCY_KEPT_S: Final = 24 * 3600
ALL_JOBS: Final = "thespis:jobs"
UNFINISHED: Final = "thespis:jobs:unfinished"
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

ENTERED: Final[dict[Stage, str]] = {
    "plan": "created_s",
    "detect": "started_s",
    "classify": "detected_s:{}",
    "finish": "told_s",
    "notify": "told_s",
    "tidy": "ended_s",
}
"""Stage -> the field of a job's record that tells when an item came into it; `told_s` is the time of its last event."""


class TooManyJobs(RuntimeError):
    """Raised when as many jobs are under way as there may be; a retry helps when one has ended."""


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


def _idempotency_key(owner: str, given: str) -> str:
    return f"thespis:jobs:key:{owner}:{given}"


def _jobs_of(owner: str | None) -> str:
    """The list of one API key's jobs ('' where none was asked for), or of all."""
    return ALL_JOBS if owner is None else f"{ALL_JOBS}:of:{owner}"


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
    plan: Plan | None
    video: VideoFacts | None


class JobStore:
    """Reads and changes records; blocking. Raises redis.RedisError when Redis is away."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    # Jobs

    def create(
        self,
        job_id: str,
        file_name: str,
        options: JobOptions,
        idempotency_key: str | None,
        digest: str,
        owner: str = "",
        most_unfinished: int = sys.maxsize,
        most_unfinished_of_owner: int = sys.maxsize,
    ) -> str:
        """Makes a queued job; its id, or that of the owner's earlier job of the same key and body.

        Raises KeyReused and TooManyJobs.
        """
        fields = {
            "options": msgspec.json.encode(options),
            "file_name": file_name,
            "label": options.label,
            "traceparent": tracing.traceparent(),
        }
        key = "" if idempotency_key is None else _idempotency_key(owner, idempotency_key)
        found = self._run(
            scripts.CREATE,
            [job_key(job_id), events_key(job_id), ALL_JOBS, _jobs_of(owner), stage_key("plan"), UNFINISHED, key],
            [
                job_id, digest, time.time(), IDEMPOTENCY_KEPT_S, JOB, most_unfinished, most_unfinished_of_owner, owner,
                *_flat(fields),
            ],
        )  # fmt: skip
        if found is None:
            raise TooManyJobs("too many jobs are under way; wait until one has ended")
        if not found:
            raise KeyReused("this Idempotency-Key was used with another body")
        return cast(bytes, found).decode()

    def facts(self, job_id: str) -> JobFacts:
        """Raises UnknownJob."""
        values = cast(list[bytes | None], self._redis.hmget(job_key(job_id), FACTS))
        if values[0] is None:
            raise _unknown(job_id)
        record = {name: value.decode() for name, value in zip(FACTS, values, strict=True) if value is not None}
        return JobFacts(state_of(record), options_of(record), plan_of(record), video_of(record))

    def view(self, job_id: str) -> JobView:
        """The job as the API shows it. Raises UnknownJob."""
        return view_of(job_id, self._record(job_id))

    def age_s(self, job_id: str) -> float:
        """For how long there has been the job; 0 where there is none."""
        created_s = cast(bytes | None, self._redis.hget(job_key(job_id), "created_s"))
        return 0.0 if created_s is None else time.time() - float(created_s)

    def traceparent(self, job_id: str) -> str:
        """The trace that its submission began; empty where there is none."""
        found = cast(bytes | None, self._redis.hget(job_key(job_id), "traceparent"))
        return (found or b"").decode()

    def states(self) -> Counter[str]:
        """How many jobs are in which state."""
        ids = [job_id for job_id, _ in self.ids_after("", 10_000)]
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hget(job_key(job_id), "state")
            return Counter(state.decode() for state in pipeline.execute() if state is not None)

    def came_before(self, owner: str, idempotency_key: str) -> bool:
        """Whether the owner submitted something under the key lately."""
        return bool(self._redis.exists(_idempotency_key(owner, idempotency_key)))

    def owner(self, job_id: str) -> str:
        """The id of the API key that a job belongs to. Raises UnknownJob."""
        found = cast(bytes | None, self._redis.hget(job_key(job_id), "owner"))
        if found is None:
            raise _unknown(job_id)
        return found.decode()

    def stored(self, owner: str) -> int:
        """How many jobs of this owner are kept."""
        return self._redis.zcard(_jobs_of(owner))

    def ids_after(self, cursor: str, count: int, owner: str | None = None) -> list[tuple[str, str]]:
        """Ids of jobs, the newest first, each with the cursor after it; of all owners unless one is named. '' is the
        cursor before all; others are the time and id of a job, and hold their place whatever is deleted meanwhile.
        """
        created_s, _, last = cursor.partition("-")
        key = _jobs_of(owner)
        newest = f"({created_s}" if cursor else "+inf"
        found = cast(
            list[tuple[bytes, float]],
            self._redis.zrevrangebyscore(key, newest, "-inf", start=0, num=count, withscores=True),
        )
        if cursor:  # of the same moment, the rest
            same = cast(list[bytes], self._redis.zrevrangebyscore(key, created_s, created_s))
            found = [(job_id, float(created_s)) for job_id in same if job_id < last.encode()] + found
        return [(job_id.decode(), f"{score!r}-{job_id.decode()}") for job_id, score in found]

    def unfinished(self, owner: str | None = None) -> int:
        """How many jobs are not in a final state; of all owners unless one is named."""
        ids = [job_id.decode() for job_id in cast(set[bytes], self._redis.smembers(UNFINISHED))]
        if owner is None:
            return len(ids)
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hget(job_key(job_id), "owner")
            return cast(list[bytes | None], pipeline.execute()).count(owner.encode())

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

    def expire(self, job_id: str) -> None:
        """The results of an ended job are gone."""
        self._run(scripts.EXPIRE, [job_key(job_id), events_key(job_id)], [])

    def cancel(self, job_id: str) -> JobState:
        """Asks for the end of a job; its state now. A job that has ended stays as it is. Raises UnknownJob."""
        keys = [job_key(job_id), events_key(job_id), stage_key("plan"), stage_key("finish")]
        if self._run(scripts.CANCEL, keys, [job_id]):
            self._withdraw_segments(job_id)
        return self.facts(job_id).state

    def end(
        self, job_id: str, state: JobState, message: str = "", *, expires_s: float | None = None, notify: bool = False
    ) -> bool:
        """Puts a job into a final state, once; False when it was in one already, or may only be cancelled any more.

        `notify`: its webhook is due.
        """
        now = time.time()
        fields: dict[str, Any] = {"ended_s": now, "message": message}
        if expires_s is not None:
            fields["expires_s"] = expires_s
        stages = [stage_key(stage) for stage in ("plan", "finish", "tidy", "notify")]
        changed = self._run(
            scripts.END,
            [job_key(job_id), events_key(job_id), *stages, UNFINISHED],
            [job_id, state, now + 2 * LEASE_S, int(notify), *_flat(fields)],
        )
        self._withdraw_segments(job_id)
        return bool(changed)

    def forget(self, job_id: str) -> None:
        """Removes the record; what waits in a stage is dropped by whoever comes upon it."""
        owner = cast(bytes | None, self._redis.hget(job_key(job_id), "owner")) or b""
        self._redis.zrem(ALL_JOBS, job_id)
        self._redis.srem(UNFINISHED, job_id)
        self._redis.zrem(_jobs_of(owner.decode()), job_id)
        self._redis.delete(job_key(job_id), events_key(job_id))
        self._redis.xadd(CHANGES, {"job": job_id, "owner": owner}, maxlen=1000)

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
        """Keeps a claim for another lease; False when the work is for nothing, the item gone or the job cancelled."""
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        return bool(self._run(scripts.RENEW, keys, [claim.item, time.time() + LEASE_S]))

    def put_back(self, claim: Claim, message: str) -> None:
        """After a failed attempt: it may be claimed again after a wait that doubles."""
        wait_s = min(0.5 * 2**claim.attempt, 15.0)
        if claim.stage == "notify":  # the receiver may be away for an hour
            wait_s = 3**claim.attempt * random.uniform(0.5, 1.0)  # noqa: S311  spreads the load, keeps no secret
        segment = "" if claim.segment is None else claim.segment
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        self._run(scripts.PUT_BACK, keys, [claim.item, time.time() + wait_s, segment, message])

    def hand_back(self, claim: Claim, wait_s: float = 0.0, message: str = "") -> None:
        """An attempt that is not to count: the item may be claimed again after a wait. `message` goes into the job."""
        segment = "" if claim.segment is None else claim.segment
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        self._run(scripts.HAND_BACK, keys, [claim.item, time.time() + wait_s, claim.stage, segment, message])

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
                [job_key(claim.job_id), stage_key("detect"), stage_key("classify")],
                [claim.item, (claim.segment or 0) * 1e-3, claim.segment or 0, time.time()],
            )
        )

    def end_segment(self, claim: Claim, frames: int, error: str = "") -> int:
        """A segment is done, or given up with an error. LAST_SEGMENT when no other is left, NOT_OURS if it is gone."""
        return cast(
            int,
            self._run(
                scripts.END_SEGMENT,
                [
                    job_key(claim.job_id), events_key(claim.job_id),
                    stage_key("detect"), stage_key("classify"), stage_key("finish"),
                ],
                [claim.item, claim.job_id, claim.segment or 0, frames, error],
            ),
        )  # fmt: skip

    def waiting(self, stage: Stage) -> int:
        """How many items may be claimed now."""
        return self._redis.zcount(stage_key(stage), "-inf", time.time())

    def entered_s_of_next(self, stage: Stage) -> float | None:
        """When the item that is the next to be claimed came into its stage; None when none waits."""
        items = cast(list[bytes], self._redis.zrangebyscore(stage_key(stage), "-inf", time.time(), 0, 1))
        if not items:
            return None
        job_id, _, segment = items[0].decode().partition(":")
        entered = cast(bytes | None, self._redis.hget(job_key(job_id), ENTERED[stage].format(segment)))
        return None if entered is None else float(entered)

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

    def _record(self, job_id: str) -> Record:
        found = cast(dict[bytes, bytes], self._redis.hgetall(job_key(job_id)))
        if b"state" not in found:
            raise _unknown(job_id)
        return {name.decode(): value.decode() for name, value in found.items()}

    def _run(self, script: str, keys: list[str], arguments: list[Any]) -> object:
        return self._redis.eval(script, len(keys), *keys, *arguments)


def _unknown(job_id: str) -> UnknownJob:
    return UnknownJob(f"there is no job {job_id}")


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for name, value in fields.items() for part in (name, value)]
