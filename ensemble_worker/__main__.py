"""`python -m ensemble_worker`: consumes crops until it is stopped; `python -m ensemble_worker jobs` those of videos."""

import os
import sys

import redis

from contracts.names import CLASSIFY_FACES, EXPLAIN_FACES
from ensemble_worker import for_jobs
from ensemble_worker.settings import EnsembleSettings
from ensemble_worker.worker import EnsembleWorker, add_tasks
from runtime.celery_app import make_celery, run_worker
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting, read_settings


def main() -> int:
    try:
        settings = read_settings(EnsembleSettings, os.environ)
        configure_logs("ensemble_worker", settings.log_level, settings.log_format)
        app = make_celery(settings.redis_url)
        worker = EnsembleWorker(settings, redis.Redis.from_url(settings.redis_url), app)
    except (BadSetting, BadModelTree) as problem:
        print(f"ensemble_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    add_tasks(app, worker)
    try:
        return run_worker(
            app,
            name=f"ensemble-{os.getpid()}",
            pool="solo",
            concurrency=1,
            queues=[CLASSIFY_FACES, EXPLAIN_FACES],
            heartbeat_path=settings.heartbeat_path,
        )
    finally:
        worker.close()


if __name__ == "__main__":
    sys.exit(for_jobs.main() if sys.argv[1:] == ["jobs"] else main())
