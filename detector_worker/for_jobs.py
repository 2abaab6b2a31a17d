"""`python -m detector_worker jobs`: looks at videos until it is stopped, standing back for live frames."""

import os
import sys

import cv2
import redis

from detector_worker.blazeface import WeightsMissing
from detector_worker.detectors import make_detector
from detector_worker.segments import SegmentDetector
from detector_worker.settings import DetectorSettings
from jobs.artefacts import Artefacts
from jobs.bells import TASK_OF, Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from runtime.background import stand_back
from runtime.celery_app import make_celery, run_worker
from runtime.logs import configure_logs
from runtime.settings import BadSetting, read_settings


def main() -> int:
    cv2.setNumThreads(1)
    try:
        settings = read_settings(DetectorSettings, os.environ)
        jobs = read_settings(JobSettings, os.environ)
        configure_logs("detector_worker.jobs", settings.log_level, settings.log_format)
        detector = make_detector(settings.detector)
    except (BadSetting, WeightsMissing) as problem:
        print(f"detector_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    if jobs.jobs_stand_back:
        stand_back()
    app = make_celery(jobs.jobs_redis_url)
    client = redis.Redis.from_url(jobs.jobs_redis_url)
    segments = SegmentDetector(JobStore(client), Bells(app, client), Artefacts(jobs.artefacts_url), detector)

    @app.task(name=TASK_OF["detect"])
    def detect_segments(**_: object) -> None:
        segments.serve()

    return run_worker(
        app,
        name=f"detector-jobs-{os.getpid()}",
        pool="solo",
        concurrency=1,
        queues=[TASK_OF["detect"]],
        heartbeat_path=settings.heartbeat_path,
    )
