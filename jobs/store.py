"""The jobs' records in Redis: references and numbers, never pixels.

A record is a hash; what must change in one step is a script (jobs/scripts.py). How a record reads: jobs/record.py. What
work on a job waits, and who has it: jobs/stages.py.
"""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import redis

from contracts.jobs import JobOptions, JobState, JobView, VideoFacts
from jobs import scripts
from jobs.plan import Plan
from jobs.record import FACTS, Record, missing_of, options_of, plan_of, state_of, video_of, view_of
from jobs.redis_keys import ALL_JOBS, JOB, UNFINISHED, events_key, job_key, jobs_of, submission_key, upload_key
from jobs.scripts import CHANGES
from jobs.stages import LEASE_S, Claim, Stages, stage_key
from runtime import tracing

UPLOAD_KEPT_S: Final = 120
IDEMPOTENCY_KEPT_S: Final = 24 * 3600


class TooManyJobs(RuntimeError):
    """Raised when as many jobs are under way as there may be; a retry helps when one has ended."""


class UnknownJob(LookupError):
    """Raised when there is no job of that id; the caller's to correct."""


class KeyReused(ValueError):
    """Raised when an idempotency key came with another body before; the caller's to correct."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a worker needs to know of a job."""

    state: JobState
    options: JobOptions
    plan: Plan | None
    video: VideoFacts | None


class JobStore:
    """Reads and changes records, and holds the `stages` of work on them; blocking.

    Raises redis.RedisError when Redis is away.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self.stages = Stages(client)

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
        most_stored_of_owner: int = sys.maxsize,
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
        key = "" if idempotency_key is None else submission_key(owner, idempotency_key)
        found = self._run(
            scripts.CREATE,
            [job_key(job_id), events_key(job_id), ALL_JOBS, jobs_of(owner), stage_key("plan"), UNFINISHED, key],
            [
                job_id, digest, time.time(), IDEMPOTENCY_KEPT_S, JOB, most_unfinished, most_unfinished_of_owner, owner,
                most_stored_of_owner, *_flat(fields),
            ],
        )  # fmt: skip
        if found is None:
            raise TooManyJobs("too many jobs are under way or kept; wait until one has ended, or delete some")
        if not found:
            raise KeyReused("this Idempotency-Key was used with another body")
        return cast(bytes, found).decode()

    def check_memory(self) -> None:
        """Raises redis.OutOfMemoryError where no job is taken, before anybody sends a video for it."""
        self._run(scripts.CHECK_MEMORY, [], [])

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

    def missing(self, job_id: str) -> dict[int, str]:
        """Segment -> why it, or some of it, is missing. Raises UnknownJob."""
        return missing_of(self._record(job_id))

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
        """Whether the owner submitted something under the key lately, and it was not deleted."""
        job_id = cast(bytes | None, self._redis.hget(submission_key(owner, idempotency_key), "job"))
        return job_id is not None and bool(self._redis.exists(job_key(job_id.decode())))

    def owner(self, job_id: str) -> str:
        """The id of the API key that a job belongs to. Raises UnknownJob."""
        found = cast(bytes | None, self._redis.hget(job_key(job_id), "owner"))
        if found is None:
            raise _unknown(job_id)
        return found.decode()

    def stored(self, owner: str) -> int:
        """How many jobs of this owner are kept."""
        return self._redis.zcard(jobs_of(owner))

    def ids_after(self, cursor: str, count: int, owner: str | None = None) -> list[tuple[str, str]]:
        """Ids of jobs, the newest first, each with the cursor after it; of all owners unless one is named. '' is the
        cursor before all; others are the time and id of a job, and hold their place whatever is deleted meanwhile.
        """
        created_s, _, last = cursor.partition("-")
        key = jobs_of(owner)
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
        self,
        job_id: str,
        state: JobState,
        message: str = "",
        *,
        claim: Claim | None = None,
        expires_s: float | None = None,
        notify: bool = False,
    ) -> bool:
        """Puts a job into a final state, once; False when it was in one already, or may only be cancelled any more, or
        when another has taken over the `claim` of whoever ends it. `notify`: its webhook is due.
        """
        now = time.time()
        fields: dict[str, Any] = {"ended_s": now, "message": message}
        if expires_s is not None:
            fields["expires_s"] = expires_s
        stages = [stage_key(stage) for stage in ("plan", "finish", "tidy", "notify")]
        whose = ["", 0] if claim is None else [claim.claims_field, claim.number]
        changed = self._run(
            scripts.END,
            [job_key(job_id), events_key(job_id), *stages, UNFINISHED],
            [job_id, state, now + 2 * LEASE_S, int(notify), *whose, *_flat(fields)],
        )
        self._withdraw_segments(job_id)
        return bool(changed)

    def forget(self, job_id: str) -> None:
        """Removes the record; what waits in a stage is dropped by whoever comes upon it."""
        record = cast(list[bytes | None], self._redis.hmget(job_key(job_id), "owner", "submission"))
        owner, submission = record[0] or b"", record[1]
        self._redis.zrem(ALL_JOBS, job_id)
        self._redis.srem(UNFINISHED, job_id)
        self._redis.zrem(jobs_of(owner.decode()), job_id)
        # While the record is there nobody else takes the key.
        if submission and self._redis.hget(submission.decode(), "job") == job_id.encode():
            self._redis.delete(submission)
        self._redis.delete(job_key(job_id), events_key(job_id))
        with contextlib.suppress(redis.exceptions.OutOfMemoryError):  # to forget is what makes room
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

    # Uploads that have no record yet

    def upload_goes_on(self, job_id: str) -> None:
        """Keeps the files of an upload from being taken for leftovers, for a while."""
        self._redis.set(upload_key(job_id), 1, ex=UPLOAD_KEPT_S)

    def upload_ended(self, job_id: str) -> None:
        self._redis.delete(upload_key(job_id))

    def is_known(self, job_id: str) -> bool:
        """Whether there is a record, or an upload under way."""
        return bool(self._redis.exists(job_key(job_id), upload_key(job_id)))

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
