"""The tasks that say: this stage has work. What the work is stands in the record, so a lost task loses nothing."""

from typing import Final

import celery
import redis

from jobs.stages import Stage
from runtime.doorbell import Bell

TASK_OF: Final[dict[Stage, str]] = {
    "plan": "plan_jobs",
    "detect": "detect_segments",
    "classify": "classify_segments",
    "finish": "finish_jobs",
    "notify": "notify_clients",
}
"""Stage -> the task that works on it, which is also its queue's name, in the jobs Redis."""


class Bells:
    """One process's hand on all of them."""

    def __init__(self, app: celery.Celery, client: "redis.Redis") -> None:
        self._redis = client
        self._bells = {stage: Bell(app, task) for stage, task in TASK_OF.items()}

    def ring(self, stage: Stage) -> None:
        """Rung again before anybody heard it, it is rung once."""
        with self._redis.pipeline(transaction=False) as pipeline:
            self._bells[stage].ring(pipeline)
            pipeline.execute()
