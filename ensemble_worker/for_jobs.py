"""`python -m ensemble_worker jobs`: votes on videos until it is stopped, standing back for live frames."""

import asyncio
import os
import sys
from pathlib import Path

import redis

from ensemble_worker.fan_out import FanOut
from ensemble_worker.member import Member
from ensemble_worker.segments import SegmentClassifier
from ensemble_worker.settings import EnsembleSettings, parse_members
from jobs.artefacts import Artefacts
from jobs.bells import TASK_OF, Bells
from jobs.settings import JobSettings
from jobs.store import JobStore
from runtime.background import stand_back
from runtime.celery_app import make_celery, run_worker
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.settings import BadSetting, read_settings


def main() -> int:
    try:
        settings = read_settings(EnsembleSettings, os.environ)
        jobs = read_settings(JobSettings, os.environ)
        configure_logs("ensemble_worker.jobs", settings.log_level, settings.log_format)
        ensemble = read_ensemble(Path(settings.models_path))
        targets = parse_members(settings.members)
    except (BadSetting, BadModelTree) as problem:
        print(f"ensemble_worker: {problem}", file=sys.stderr)  # noqa: T201  the terminal is where it was started
        return 2
    if jobs.jobs_stand_back:
        stand_back()
    loop = asyncio.new_event_loop()

    async def members() -> FanOut:
        return FanOut([Member(name, target, settings.member_retry_s) for name, target in targets.items()])

    fan_out = loop.run_until_complete(members())
    app = make_celery(jobs.jobs_redis_url)
    client = redis.Redis.from_url(jobs.jobs_redis_url)
    weights = {profile: vote.weights for profile, vote in ensemble.votes.items()}
    segments = SegmentClassifier(
        JobStore(client), Bells(app, client), Artefacts(jobs.artefacts_url), fan_out, loop, weights
    )

    @app.task(name=TASK_OF["classify"])
    def classify_segments(**_: object) -> None:
        segments.serve()

    try:
        return run_worker(
            app,
            name=f"ensemble-jobs-{os.getpid()}",
            pool="solo",
            concurrency=1,
            queues=[TASK_OF["classify"]],
            heartbeat_path=settings.heartbeat_path,
        )
    finally:
        loop.run_until_complete(fan_out.close())
        loop.close()
