"""`python -m ensemble_worker jobs`: votes on videos until it is stopped, standing back for live frames."""

import asyncio
import os
from pathlib import Path
from typing import Final

import redis

from ensemble_worker.fan_out import open_members
from ensemble_worker.segments import SegmentClassifier
from ensemble_worker.settings import EnsembleSettings
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from jobs.working import serve_stages
from runtime.background import stand_back
from runtime.celery_app import make_celery
from runtime.metrics_server import serve_metrics
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.pulse import PULSE
from runtime.settings import BadSetting, read_settings
from runtime.starting import cannot_start, set_up

MEMBERS_START_S: Final = 15.0
"""How long a start waits for members; a job's first frames would be voted on without those that are late."""


def main() -> int:
    loop = asyncio.new_event_loop()
    try:
        settings = set_up("ensemble_worker.jobs", EnsembleSettings)
        jobs = read_settings(JobSettings, os.environ)
        serve_metrics(settings, healthy=PULSE.healthy)
        ensemble = read_ensemble(Path(settings.models_path))
        fan_out = loop.run_until_complete(open_members(settings, ensemble))
    except (BadSetting, BadModelTree) as problem:
        return cannot_start("ensemble_worker", problem)
    if jobs.jobs_stand_back:
        stand_back()
    app = make_celery(jobs.jobs_redis_url)
    client = redis.Redis.from_url(jobs.jobs_redis_url)
    segments = SegmentClassifier(
        JobStore(client), Bells(app, client), Artefacts(jobs.artefacts_url), fan_out, loop, ensemble.votes,
        settings.jobs_crops_per_call, jobs.results_kept_s,
    )  # fmt: skip
    loop.run_until_complete(fan_out.wait_for_all(MEMBERS_START_S))
    try:
        return serve_stages(app, settings, "ensemble-jobs", {"classify": segments.serve})
    finally:
        loop.run_until_complete(fan_out.close())
        loop.close()
