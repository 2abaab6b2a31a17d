"""How many jobs there are and how much of them waits, for Prometheus; looked up when it is asked for."""

import contextlib
import time
from collections.abc import Iterator
from typing import get_args

import redis
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from contracts.jobs import JobState
from jobs.bells import TASK_OF
from jobs.store import JobStore
from runtime.metrics import jobs_by_state, queue_length, queue_oldest


class WaitingJobs(Collector):
    """Asked from the thread that serves /metrics."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def describe(self) -> list[Metric]:
        return [jobs_by_state(), queue_length(), queue_oldest()]

    def collect(self) -> Iterator[Metric]:
        jobs, length, oldest = jobs_by_state(), queue_length(), queue_oldest()
        with contextlib.suppress(redis.RedisError):  # what is not known is left out
            states = self._store.states()
            for state in get_args(JobState):
                jobs.add_metric([state], states[state])
            for stage in TASK_OF:
                length.add_metric([stage], self._store.stages.waiting(stage))
                oldest.add_metric([stage], self._age_of_next(self._store.stages.entered_s_of_next(stage)))
        yield jobs
        yield length
        yield oldest

    @staticmethod
    def _age_of_next(entered_s: float | None) -> float:
        return 0.0 if entered_s is None else max(0.0, time.time() - entered_s)
