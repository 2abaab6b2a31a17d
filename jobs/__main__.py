"""`python -m jobs`: the job worker; plans jobs, finishes them and sweeps, until it is stopped."""

import contextlib
import os
import sys
from pathlib import Path

import redis

from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from jobs.sweeper import Sweeper
from jobs.waiting import WaitingJobs
from jobs.worker import JobWorker
from jobs.working import serve_stages
from runtime.background import stand_back
from runtime.celery_app import make_celery
from runtime.metrics_server import serve_metrics
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.pulse import PULSE
from runtime.settings import BadSetting, WorkerSettings, read_settings
from runtime.starting import cannot_start, set_up


def main() -> int:
    try:
        settings = set_up("job_worker", JobSettings)
        worker_settings = read_settings(WorkerSettings, os.environ)
        store = JobStore(redis.Redis.from_url(settings.jobs_redis_url))
        serve_metrics(settings, WaitingJobs(store), healthy=PULSE.healthy)
        ensemble = read_ensemble(Path(settings.models_path))
    except (BadSetting, BadModelTree) as problem:
        return cannot_start("job_worker", problem)
    if settings.jobs_stand_back:
        stand_back()
    app = make_celery(settings.jobs_redis_url)
    bells = Bells(app, redis.Redis.from_url(settings.jobs_redis_url))
    artefacts = Artefacts(settings.artefacts_url)
    worker = JobWorker(store, bells, artefacts, ensemble, settings)
    with Sweeper(store, bells, artefacts, settings).sweeping(), contextlib.closing(worker):
        return serve_stages(
            app,
            worker_settings,
            "jobs",
            {"plan": worker.serve_plans, "finish": worker.serve_ends, "notify": worker.serve_messages},
        )


if __name__ == "__main__":
    sys.exit(main())
