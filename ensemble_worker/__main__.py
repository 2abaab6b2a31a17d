"""`python -m ensemble_worker`: consumes crops until it is stopped."""

import os
import sys

import redis

from contracts.names import CLASSIFY_FACES
from ensemble_worker.settings import EnsembleSettings
from ensemble_worker.worker import EnsembleWorker, make_app
from runtime.celery_app import run_worker
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting, read_settings


def main() -> int:
    try:
        settings = read_settings(EnsembleSettings, os.environ)
        configure_logs("ensemble_worker", settings.log_level, settings.log_format)
        worker = EnsembleWorker(settings, redis.Redis.from_url(settings.redis_url))
    except (BadSetting, BadModelTree) as problem:
        print(f"ensemble_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    try:
        app = make_app(settings, worker)
        return run_worker(app, name=f"ensemble-{os.getpid()}", pool="solo", concurrency=1, queue=CLASSIFY_FACES)
    finally:
        worker.close()


if __name__ == "__main__":
    sys.exit(main())
