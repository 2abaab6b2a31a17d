"""A Celery worker's life: its pulse, its end when it is told to stop, and its end when it has grown too large."""

import warnings
from typing import Any, Final, TypeAlias

import celery
import celery.signals
import structlog
from celery import bootsteps
from celery.platforms import SecurityWarning
from celery.worker import state

from runtime.memory import rss_mb
from runtime.pulse import PULSE
from runtime.settings import WorkerSettings

log = structlog.get_logger("thespis.runtime")

BEAT_EVERY_S: Final = 1.0

Consumer: TypeAlias = Any  # Celery has no types


class HeartBeat(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Tells runtime/pulse.py that the consumer is connected and its loop turns."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Consumer, **_: object) -> None:
        self._timer: Any = None

    def start(self, consumer: Consumer) -> None:
        PULSE.connected = True
        PULSE.beat()
        self._timer = consumer.timer.call_repeatedly(BEAT_EVERY_S, PULSE.beat)

    def stop(self, consumer: Consumer) -> None:
        PULSE.connected = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def may_end(held_mb: float, most_mb: float) -> bool:
    """Whether a worker that holds so much is to be started anew now: it would take nothing more, yet live on for as
    long as a thread of it has work in hand.
    """
    return held_mb > most_mb and not PULSE.has_threads_at_work()


def run_worker(
    app: celery.Celery, settings: WorkerSettings, *, name: str, pool: str, concurrency: int, queues: list[str]
) -> int:
    """Consumes `queues`, each in its turn, until told to stop; SIGTERM finishes what is in hand. The exit code.

    One that has grown too large ends after a task, while no thread of it is at work, so that whoever watches over it
    starts it anew.
    """
    # Celery warns root users of pickle; this application takes JSON and nothing else.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.steps["consumer"].add(HeartBeat)
    worker = app.Worker(
        hostname=f"{name}@%h",
        pool=pool,
        concurrency=concurrency,
        queues=queues,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
    )

    def stopping(**_: object) -> None:
        PULSE.ask_to_stop()

    def recycle(**_: object) -> None:
        held_mb = rss_mb()
        if may_end(held_mb, settings.max_worker_rss_mb) and state.should_stop is None:
            log.warning("worker_recycled", rss_mb=round(held_mb))
            state.should_stop = 0

    def begins(task_id: str, **_: object) -> None:
        PULSE.task_begins(task_id)

    def ends(task_id: str, **_: object) -> None:
        PULSE.task_ends(task_id)

    if pool == "threads":
        celery.signals.task_prerun.connect(begins, weak=False)
        celery.signals.task_postrun.connect(ends, weak=False)
    celery.signals.worker_shutting_down.connect(stopping, weak=False)
    if settings.max_worker_rss_mb:
        celery.signals.task_postrun.connect(recycle, weak=False)
    worker.start()
    return int(worker.exitcode or 0)
