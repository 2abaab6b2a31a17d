"""`python -m jobs`: the job worker; plans jobs, finishes them and sweeps, until it is stopped."""

import os
import sys
from pathlib import Path

import celery
import redis

from jobs.artefacts import Artefacts
from jobs.bells import TASK_OF, Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from jobs.worker import JobWorker
from runtime.background import stand_back
from runtime.celery_app import make_celery, run_worker
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.settings import BadSetting, read_settings


def main() -> int:
    try:
        settings = read_settings(JobSettings, os.environ)
        configure_logs("job_worker", settings.log_level, settings.log_format)
        ensemble = read_ensemble(Path(settings.models_path))
    except (BadSetting, BadModelTree) as problem:
        print(f"job_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    if settings.jobs_stand_back:
        stand_back()
    app = make_celery(settings.jobs_redis_url)
    client = redis.Redis.from_url(settings.jobs_redis_url)
    worker = JobWorker(
        JobStore(client),
        Bells(app, client),
        Artefacts(settings.artefacts_url),
        {name: member.version for name, member in ensemble.members.items()},
        settings,
    )
    add_tasks(app, worker)
    with worker.sweeping():
        queues = [TASK_OF["plan"], TASK_OF["finish"], TASK_OF["notify"]]
        return run_worker(
            app,
            name=f"jobs-{os.getpid()}",
            pool="solo",
            concurrency=1,
            queues=queues,
            heartbeat_path=settings.heartbeat_path,
        )


def add_tasks(app: celery.Celery, worker: JobWorker) -> None:
    """Gives the Celery application this worker's tasks."""

    @app.task(name=TASK_OF["plan"])
    def plan_jobs(**_: object) -> None:
        worker.serve_plans()

    @app.task(name=TASK_OF["finish"])
    def finish_jobs(**_: object) -> None:
        worker.serve_ends()

    @app.task(name=TASK_OF["notify"])
    def notify_clients(**_: object) -> None:
        worker.serve_messages()


if __name__ == "__main__":
    sys.exit(main())
