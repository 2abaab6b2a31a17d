"""The stages in which work on jobs waits: `plan` and `finish` hold jobs, `detect` and `classify` segments, `notify`
jobs whose end is told by a webhook, `tidy` jobs whose leftovers may be removed.

Whoever works on an item claims it with a lease and renews it; an item whose lease has run out is claimed again by the
next one. What must change in one step is a script (jobs/scripts.py).
"""

import random
import time
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import redis

from contracts.jobs import FINAL_STATES
from jobs import scripts
from jobs.redis_keys import JOB, events_key, job_key

Stage = Literal["plan", "detect", "classify", "finish", "notify", "tidy"]

LEASE_S: Final = 5.0
"""How long a fallen worker's segment waits until another takes it."""

NOT_OURS: Final = 0
LAST_SEGMENT: Final = 2
MAX_ATTEMPTS: Final = 8

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


def stage_key(stage: Stage) -> str:
    return f"thespis:jobs:{stage}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One item that this worker may work on: a job, or one segment of it. `attempt` counts from 1, as does `number`,
    by which a claim is told from later ones: it counts those, too, that are no attempt because they were handed back.
    """

    stage: Stage
    job_id: str
    segment: int | None
    attempt: int
    number: int

    @property
    def item(self) -> str:
        return self.job_id if self.segment is None else f"{self.job_id}:{self.segment}"

    @property
    def attempts_field(self) -> str:
        """Of the job's record: counts how often the item was tried in this stage."""
        return f"tried:{self._place}"

    @property
    def claims_field(self) -> str:
        """Counts its claims, which is never less."""
        return f"claims:{self._place}"

    @property
    def _place(self) -> str:
        return f"{self.stage}:{'' if self.segment is None else self.segment}"


class Stages:
    """Gives out work and takes it back; blocking. Raises redis.RedisError when Redis is away."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def claim(self, stage: Stage) -> Claim | None:
        """The next item that waits or whose lease has run out; None when there is none."""
        now = time.time()
        arguments = [now, now + LEASE_S, stage, JOB, WORKED_ON_WHILE[stage]]
        found = self._run(scripts.CLAIM, [stage_key(stage)], arguments)
        if not found:
            return None
        item, attempt, number = cast(tuple[bytes, int, int], found)
        job_id, _, segment = item.decode().partition(":")
        return Claim(stage, job_id, int(segment) if segment else None, attempt, number)

    def renew(self, claim: Claim) -> bool:
        """Keeps a claim for another lease; False when the work is for nothing: the item is gone or another's
        by now, or the job cancelled.
        """
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        return bool(
            self._run(scripts.RENEW, keys, [claim.item, time.time() + LEASE_S, claim.claims_field, claim.number])
        )

    def put_back(self, claim: Claim, message: str) -> None:
        """After a failed attempt: it may be claimed again after a wait that doubles."""
        wait_s = min(0.5 * 2**claim.attempt, 15.0)
        if claim.stage == "notify":  # the receiver may be away for an hour
            wait_s = 3**claim.attempt * random.uniform(0.5, 1.0)  # noqa: S311  spreads the load, keeps no secret
        segment = "" if claim.segment is None else claim.segment
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        whose = [claim.item, time.time() + wait_s, claim.claims_field, claim.number]
        self._run(scripts.PUT_BACK, keys, [*whose, segment, message])

    def hand_back(self, claim: Claim, wait_s: float = 0.0, message: str = "") -> None:
        """An attempt that is not to count: the item may be claimed again after a wait. `message` goes into the job."""
        keys = [stage_key(claim.stage), job_key(claim.job_id)]
        whose = [claim.item, time.time() + wait_s, claim.claims_field, claim.number]
        self._run(scripts.HAND_BACK, keys, [*whose, message, claim.attempts_field])

    def trouble(self, claim: Claim) -> str:
        """What went wrong with this item last."""
        segment = "" if claim.segment is None else claim.segment
        message = self._redis.hget(job_key(claim.job_id), f"trouble:{segment}")
        return cast(bytes, message).decode() if message else "the workers on it ended without a word"

    def detected(self, claim: Claim) -> bool:
        """The segment's crops lie in its part file, whoever wrote it; False when the job is gone, or the segment was
        moved or given up before.
        """
        return bool(
            self._run(
                scripts.MOVE_SEGMENT,
                [job_key(claim.job_id), stage_key("detect"), stage_key("classify")],
                [claim.item, claim.segment or 0, time.time()],
            )
        )

    def end_segment(self, claim: Claim, frames: int, error: str = "") -> int:
        """A segment is done, or given up with an error. LAST_SEGMENT when no other is left, NOT_OURS if it is gone, or
        if another has taken it over from who gives it up.
        """
        return cast(
            int,
            self._run(
                scripts.END_SEGMENT,
                [
                    job_key(claim.job_id), events_key(claim.job_id),
                    stage_key("detect"), stage_key("classify"), stage_key("finish"),
                ],
                [claim.item, claim.job_id, claim.segment or 0, frames, error, claim.claims_field, claim.number],
            ),
        )  # fmt: skip

    def waiting(self, stage: Stage) -> int:
        """How many items may be claimed now."""
        return self._redis.zcount(stage_key(stage), "-inf", time.time())

    def entered_s_of_next(self, stage: Stage) -> float | None:
        """When the item that is the next to be claimed came into its stage; None when none waits."""
        key, now = stage_key(stage), time.time()
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrangebyscore(key, scripts.TIMES_FROM, now, 0, 1)
            pipeline.zrangebyscore(key, "-inf", now, 0, 1)
            tried, new = cast(list[list[bytes]], pipeline.execute())
        items = tried + new
        if not items:
            return None
        job_id, _, segment = items[0].decode().partition(":")
        entered = cast(bytes | None, self._redis.hget(job_key(job_id), ENTERED[stage].format(segment)))
        return None if entered is None else float(entered)

    def drop(self, claim: Claim) -> None:
        """Takes an item out of its stage."""
        self._redis.zrem(stage_key(claim.stage), claim.item)

    def postpone(self, claim: Claim, until_s: float) -> None:
        """Lets an item be claimed again at a later time."""
        self._run(scripts.POSTPONE, [stage_key(claim.stage)], [claim.item, until_s])

    def _run(self, script: str, keys: list[str], arguments: list[Any]) -> object:
        return self._redis.eval(script, len(keys), *keys, *arguments)
