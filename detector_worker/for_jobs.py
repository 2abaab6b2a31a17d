"""`python -m detector_worker jobs`: looks at videos until it is stopped, standing back for live frames."""

import os

import cv2
import redis

from detector_worker.blazeface import WeightsMissing
from detector_worker.detectors import make_detector
from detector_worker.segments import SegmentDetector
from detector_worker.settings import DetectorSettings
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from jobs.working import serve_stages
from runtime.background import stand_back
from runtime.celery_app import make_celery
from runtime.metrics_server import serve_metrics
from runtime.pulse import PULSE
from runtime.settings import BadSetting, read_settings
from runtime.starting import cannot_start, set_up


def main() -> int:
    cv2.setNumThreads(1)
    try:
        settings = set_up("detector_worker.jobs", DetectorSettings)
        jobs = read_settings(JobSettings, os.environ)
        serve_metrics(settings, healthy=PULSE.healthy)
        detector = make_detector(settings.detector)
    except (BadSetting, WeightsMissing) as problem:
        return cannot_start("detector_worker", problem)
    if jobs.jobs_stand_back:
        stand_back()
    app = make_celery(jobs.jobs_redis_url)
    client = redis.Redis.from_url(jobs.jobs_redis_url)
    artefacts = Artefacts(jobs.artefacts_url)
    segments = SegmentDetector(JobStore(client), Bells(app, client), artefacts, detector, jobs.results_kept_s)
    return serve_stages(app, settings, "detector-jobs", {"detect": segments.serve})
