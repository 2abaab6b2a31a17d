"""What nobody asks for: rings where something waits unheard, and removes leftovers and what has expired."""

import contextlib
import threading
import time
from collections.abc import Iterator

import structlog

from contracts.jobs import WITH_RESULTS
from jobs.artefacts import Artefacts
from jobs.bells import TASK_OF, Bells
from jobs.settings import JobSettings
from jobs.stages import Claim
from jobs.store import JobStore, UnknownJob

log = structlog.get_logger("thespis.jobs")

SWEEP_EVERY_S = 1.0

LEFTOVERS = ("upload", "parts", "segments")
"""Of a job that has ended, beside its results."""


class Sweeper:
    """Works on the stage `tidy`, and looks over all others."""

    def __init__(self, store: JobStore, bells: Bells, artefacts: Artefacts, settings: JobSettings) -> None:
        self._store = store
        self._bells = bells
        self._artefacts = artefacts
        self._settings = settings
        self._orphans_swept_s = 0.0

    def sweep(self) -> None:
        """Rings where something waits unheard, removes leftovers and what has expired."""
        for stage in TASK_OF:
            if self._store.stages.waiting(stage):
                self._bells.ring(stage)
        while (claim := self._store.stages.claim("tidy")) is not None:
            self._tidy(claim)
        if time.monotonic() - self._orphans_swept_s > self._settings.sweep_orphans_s:
            self._orphans_swept_s = time.monotonic()
            for job_id in self._artefacts.jobs():  # uploads that a gateway did not live to finish
                if not self._store.is_known(job_id):
                    self._artefacts.remove(self._artefacts.path(job_id))

    def _tidy(self, claim: Claim) -> None:
        try:
            view = self._store.view(claim.job_id)
        except UnknownJob:
            self._artefacts.remove(self._artefacts.path(claim.job_id))
            self._store.stages.drop(claim)
            return
        now = time.time()
        has_results = view.state in WITH_RESULTS
        if has_results and view.expires_s and view.expires_s > now:
            for leftover in LEFTOVERS:
                self._artefacts.remove(self._artefacts.path(claim.job_id, leftover))
            self._store.stages.postpone(claim, view.expires_s)
            return
        self._artefacts.remove(self._artefacts.path(claim.job_id))
        if has_results:
            self._store.expire(claim.job_id)
        forgotten_s = (view.ended_s or now) + self._settings.records_kept_s
        if forgotten_s > now:
            self._store.stages.postpone(claim, forgotten_s)
        else:
            self._store.forget(claim.job_id)
            self._store.stages.drop(claim)

    @contextlib.contextmanager
    def sweeping(self) -> Iterator[None]:
        """Sweeps from a thread until the block ends."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(SWEEP_EVERY_S):
                try:
                    self.sweep()
                except Exception:
                    # The outermost loop: Redis or the disk may be away for a while.
                    log.warning("sweep_failed", exc_info=True)

        sweeper = threading.Thread(target=run, name="sweeper", daemon=True)
        sweeper.start()
        try:
            yield
        finally:
            ended.set()
            sweeper.join()
