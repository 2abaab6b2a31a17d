"""`python -m detector_worker`: consumes pictures until it is stopped; `python -m detector_worker jobs` videos."""

import os
import sys

import cv2
import redis

from contracts.names import DETECT_FACES, DETECT_IN_PICTURE
from detector_worker import for_jobs
from detector_worker.blazeface import WeightsMissing
from detector_worker.settings import DetectorSettings
from detector_worker.worker import DetectorWorker, add_tasks
from runtime.celery_app import make_celery
from runtime.celery_worker import run_worker
from runtime.metrics_server import serve_metrics
from runtime.pulse import PULSE
from runtime.settings import BadSetting
from runtime.starting import cannot_start, set_up


def main() -> int:
    # One thread a picture: more workers scale better than one picture's loops cut into pieces.
    cv2.setNumThreads(1)
    try:
        settings = set_up("detector_worker", DetectorSettings)
        serve_metrics(settings, healthy=PULSE.healthy)
        app = make_celery(settings.redis_url)
        worker = DetectorWorker(settings, redis.Redis.from_url(settings.redis_url), app)
    except (BadSetting, WeightsMissing) as problem:
        return cannot_start("detector_worker", problem)
    add_tasks(app, worker)
    code = run_worker(
        app,
        settings,
        name=f"detector-{os.getpid()}",
        pool="threads",  # of one: while it works, the main thread fetches what is next
        concurrency=1,
        queues=[DETECT_FACES, DETECT_IN_PICTURE],
    )
    worker.leave()
    return code


if __name__ == "__main__":
    sys.exit(for_jobs.main() if sys.argv[1:] == ["jobs"] else main())
