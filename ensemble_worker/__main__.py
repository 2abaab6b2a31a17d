"""`python -m ensemble_worker`: consumes crops until it is stopped; `python -m ensemble_worker jobs` those of videos."""

import os
import sys

import redis

from contracts.names import CLASSIFY_FACES, EXPLAIN_FACES
from ensemble_worker import for_jobs
from ensemble_worker.settings import EnsembleSettings
from ensemble_worker.worker import EnsembleWorker, add_tasks
from runtime.celery_app import make_celery
from runtime.celery_worker import run_worker
from runtime.metrics_server import serve_metrics
from runtime.model_tree import BadModelTree
from runtime.pulse import PULSE
from runtime.settings import BadSetting
from runtime.starting import cannot_start, set_up


def main() -> int:
    try:
        settings = set_up("ensemble_worker", EnsembleSettings)
        serve_metrics(settings, healthy=PULSE.healthy)
        app = make_celery(settings.redis_url)
        worker = EnsembleWorker(settings, redis.Redis.from_url(settings.redis_url), app)
    except (BadSetting, BadModelTree) as problem:
        return cannot_start("ensemble_worker", problem)
    add_tasks(app, worker)
    queues = [CLASSIFY_FACES, EXPLAIN_FACES]
    try:
        return run_worker(app, settings, name=f"ensemble-{os.getpid()}", pool="solo", concurrency=1, queues=queues)
    finally:
        worker.leave()


if __name__ == "__main__":
    sys.exit(for_jobs.main() if sys.argv[1:] == ["jobs"] else main())
