"""`python -m jobs`: the job worker; plans jobs, finishes them and sweeps, until it is stopped."""

import os
import sys
from pathlib import Path

import redis

from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from jobs.worker import JobWorker
from jobs.working import serve_stages
from runtime.background import stand_back
from runtime.celery_app import make_celery
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.settings import BadSetting, read_settings
from runtime.starting import cannot_start


def main() -> int:
    try:
        settings = read_settings(JobSettings, os.environ)
        configure_logs("job_worker", settings.log_level, settings.log_format)
        ensemble = read_ensemble(Path(settings.models_path))
    except (BadSetting, BadModelTree) as problem:
        return cannot_start("job_worker", problem)
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
    with worker.sweeping():
        return serve_stages(
            app,
            "jobs",
            {"plan": worker.serve_plans, "finish": worker.serve_ends, "notify": worker.serve_messages},
        )


if __name__ == "__main__":
    sys.exit(main())
