"""`python -m detector_worker`: consumes pictures until it is stopped; `python -m detector_worker jobs` videos."""

import os
import sys

import cv2
import redis

from contracts.names import DETECT_FACES, DETECT_IN_PICTURE
from detector_worker import for_jobs
from detector_worker.blazeface import WeightsMissing
from detector_worker.settings import DetectorSettings
from detector_worker.worker import make_app
from runtime.celery_app import run_worker
from runtime.logs import configure_logs
from runtime.settings import BadSetting, read_settings


def main() -> int:
    # One thread a picture: more workers scale better than one picture's loops cut into pieces.
    cv2.setNumThreads(1)
    try:
        settings = read_settings(DetectorSettings, os.environ)
        configure_logs("detector_worker", settings.log_level, settings.log_format)
        app = make_app(settings, redis.Redis.from_url(settings.redis_url))
    except (BadSetting, WeightsMissing) as problem:
        print(f"detector_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    return run_worker(
        app,
        name=f"detector-{os.getpid()}",
        pool="threads",  # of one: while it works, the main thread fetches what is next
        concurrency=1,
        queues=[DETECT_FACES, DETECT_IN_PICTURE],
        heartbeat_path=settings.heartbeat_path,
    )


if __name__ == "__main__":
    sys.exit(for_jobs.main() if sys.argv[1:] == ["jobs"] else main())
