"""How a worker works through a stage: it claims an item, keeps its lease while it works, and tells how it ended.

LeaseLost   Raised inside the work when its item is gone: the job was cancelled, or another worker took it over.
GivenUp     Raised inside the work when another attempt would be useless; the message goes into the job's record.
HandedBack  Raised inside the work when this worker was told to stop and the item takes too long; another goes on.
HeldUp      Raised inside the work when what it needs is away: the item waits, and the attempt does not count.
"""

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import celery
import redis
import structlog

from jobs.bells import TASK_OF, Bells
from jobs.scratch import sweep_scratch
from jobs.stages import LAST_SEGMENT, LEASE_S, MAX_ATTEMPTS, NOT_OURS, Claim, Stage
from jobs.store import JobStore
from runtime import tracing
from runtime.celery_worker import run_worker
from runtime.metrics import SEGMENTS
from runtime.pulse import PULSE
from runtime.settings import BadSetting, WorkerSettings
from runtime.starting import cannot_start

log = structlog.get_logger("thespis.jobs")

HAND_BACK_AFTER_S: Final = 4.0
"""What a worker that is told to stop still gives the item in hand; it must be gone before it is killed."""

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
HELD_UP_WAIT_S: Final = 15.0


class LeaseLost(RuntimeError):
    """Raised when an item is no longer ours to work on; nobody's fault."""


class GivenUp(ValueError):
    """Raised when an item can't be done however often it is tried."""


class HandedBack(RuntimeError):
    """Raised when a worker that ends has no time left for an item."""


class HeldUp(RuntimeError):
    """Raised when nothing is wrong with an item, but something that it needs is away; the message says what."""


class Lease:
    """A claim that is kept while the work on it goes on."""

    def __init__(self, store: JobStore, claim: Claim) -> None:
        self._store = store
        self._claim = claim
        self._lost = threading.Event()
        self._done = threading.Event()

    def check(self) -> None:
        """To be called as the work goes on. Raises LeaseLost and HandedBack."""
        PULSE.beat()
        if self._lost.is_set():
            raise LeaseLost
        if PULSE.stopping_for_s() > HAND_BACK_AFTER_S:
            raise HandedBack

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Renews it from a thread until the block ends."""
        renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            self._done.set()
            renewing.join()

    def _renew(self) -> None:
        while not self._done.wait(LEASE_S / 4):
            # While Redis is away nobody else can take the item either.
            with contextlib.suppress(redis.RedisError):
                if not self._store.stages.renew(self._claim):
                    self._lost.set()
                    return


class StageWorker:
    """Works on one stage: `work` does an item, `give_up` ends one that can't be done.

    While something that the work needs is away, such as room to write to, no attempt counts, up to `patience_s` after
    the job was submitted: as long as results are kept, for until then others' expire and make room.
    """

    def __init__(
        self,
        store: JobStore,
        bells: Bells,
        stage: Stage,
        work: Callable[[Claim, Lease], None],
        give_up: Callable[[Claim, str], None],
        patience_s: float,
    ) -> None:
        self._store = store
        self._bells = bells
        self._stage: Stage = stage
        self._work = work
        self._give_up = give_up
        self._patience_s = patience_s

    def serve(self) -> bool:
        """One item, so that a worker that is told to stop does so soon; False when none waits. Each claim rings for the
        next.
        """
        if (claim := self._store.stages.claim(self._stage)) is None:
            return False
        self._bells.ring(self._stage)
        ids = {"job_id": claim.job_id} | ({} if claim.segment is None else {"segment": claim.segment})
        with (
            structlog.contextvars.bound_contextvars(**ids),
            tracing.span(self._stage, parent=self._store.traceparent(claim.job_id), **ids),
        ):
            self._serve(claim)
        return True

    def _serve(self, claim: Claim) -> None:
        if claim.attempt > MAX_ATTEMPTS:
            self._give_up(claim, self._store.stages.trouble(claim))
            return
        lease = Lease(self._store, claim)
        try:
            with lease.kept():
                self._work(claim, lease)
        except LeaseLost:
            log.info("lease_lost", stage=self._stage)
        except HandedBack:
            log.info("handed_back", stage=self._stage)
            self._store.stages.hand_back(claim)
            self._bells.ring(self._stage)
        except GivenUp as problem:
            self._give_up(claim, str(problem))
        except HeldUp as problem:
            self._wait(claim, str(problem))
        except Exception as problem:
            # The outermost loop: whatever it was, the item is tried again, and its record says what went wrong.
            if isinstance(problem, OSError) and problem.errno in NO_ROOM:
                self._wait(claim, "there was no room in the artefact store or in TMPDIR")
                return
            if isinstance(problem, redis.exceptions.OutOfMemoryError):
                self._wait(claim, "there was no room in the jobs' Redis")
                return
            log.exception("attempt_failed", stage=self._stage, attempt=claim.attempt)
            if claim.segment is not None:
                SEGMENTS.labels("failed").inc()
            self._store.stages.put_back(claim, f"{type(problem).__name__}: {problem}")

    def _wait(self, claim: Claim, problem: str) -> None:
        log.warning("held_up", stage=self._stage, exc_info=True)
        if self._store.age_s(claim.job_id) > self._patience_s:
            self._give_up(claim, f"{problem}, for too long")
        else:
            self._store.stages.hand_back(claim, HELD_UP_WAIT_S, f"{problem}; what could not be done is tried again")


def end_segment(store: JobStore, bells: Bells, claim: Claim, frames: int, error: str = "") -> bool:
    """A segment is done with so many frames, or given up with an error, or both when damage took some of its frames;
    False when it was no longer ours to end.
    """
    ended = store.stages.end_segment(claim, frames, error)
    if ended != NOT_OURS:
        SEGMENTS.labels("given_up" if error and not frames else "done").inc()
    if ended == LAST_SEGMENT:
        bells.ring("finish")
    return ended != NOT_OURS


def serve_stages(
    app: celery.Celery, settings: WorkerSettings, name: str, work: Mapping[Stage, Callable[[], object]]
) -> int:
    """Runs a Celery worker whose tasks do one item of their stage each, until it is told to stop; the exit code."""
    try:
        sweep_scratch()
    except BadSetting as problem:
        return cannot_start(name, problem)
    for stage, serve in work.items():
        _add_task(app, TASK_OF[stage], serve)
    queues = [TASK_OF[stage] for stage in work]
    return run_worker(app, settings, name=f"{name}-{os.getpid()}", pool="solo", concurrency=1, queues=queues)


def _add_task(app: celery.Celery, name: str, serve: Callable[[], object]) -> None:
    @app.task(name=name)
    def serve_one(**_: object) -> None:
        serve()
