"""A file that says when a worker was last able to take work, for whoever watches it from outside (a container's
health check, Kubernetes).

The timer runs in Celery's consumer loop: it stands still while the loop does, and is stopped while Redis is away.
"""

from pathlib import Path
from typing import Final

import celery
from celery import bootsteps
from celery.worker.consumer import Consumer

EVERY_S: Final = 5.0


def leave_heartbeat(app: celery.Celery, path: Path) -> None:
    """Lets every worker of `app` touch `path` while it takes work."""

    class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
        """Starts when the consumer is connected and has subscribed to its queues."""

        requires = frozenset({"celery.worker.consumer.tasks:Tasks"})

        def start(self, consumer: Consumer) -> None:
            path.touch()
            self._timer = consumer.timer.call_repeatedly(EVERY_S, path.touch)

        def stop(self, consumer: Consumer) -> None:
            self._timer.cancel()

    app.steps["consumer"].add(Heartbeat)
