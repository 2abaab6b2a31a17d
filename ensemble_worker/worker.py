"""The Celery tasks of the ensemble worker.

`classify_faces` is only a doorbell: the crops wait in a list, and whoever hears it takes as many frames as are there,
of all sessions, into one round of Predict calls.
A doorbell that finds the list empty came too late: an earlier one served it.
"""

import asyncio
import time
from pathlib import Path
from typing import cast

import celery
import msgspec
import redis
import structlog

from contracts.geometry import CROP_BYTES
from contracts.names import CHECK_ENSEMBLE, CLASSIFY_FACES, PENDING_CROPS
from contracts.work import CheckReady, ClassifyFaces, FrameAnswered, FrameFailed, ReadyChecked
from ensemble_worker.classify import classify_batch
from ensemble_worker.fan_out import FanOut
from ensemble_worker.member import Member
from ensemble_worker.settings import EnsembleSettings, parse_members
from runtime.celery_app import make_live_app
from runtime.model_tree import BadModelTree, read_ensemble

log = structlog.get_logger("thespis.ensemble")


class EnsembleWorker:
    """The members and the loop their channels live in; one task at a time (Celery's solo pool)."""

    def __init__(self, settings: EnsembleSettings, redis_client: "redis.Redis") -> None:
        ensemble = read_ensemble(Path(settings.models_path))
        targets = parse_members(settings.members)
        unknown = set(targets) - set(ensemble.members)
        if unknown:
            raise BadModelTree(f"THESPIS_MEMBERS names {sorted(unknown)}, which models.toml does not have")
        self._settings = settings
        self._weights = {profile: vote.weights for profile, vote in ensemble.votes.items()}
        self._redis = redis_client
        self._loop = asyncio.new_event_loop()
        self._fan_out = self._loop.run_until_complete(self._open(targets))

    async def _open(self, targets: dict[str, str]) -> FanOut:
        return FanOut([Member(name, to, self._settings.member_retry_s) for name, to in targets.items()])

    def serve_waiting_frames(self) -> None:
        """Takes up to a batch of frames that still have time and answers them."""
        packed = cast(list[bytes] | None, self._redis.lpop(PENDING_CROPS, self._settings.max_batch_frames))
        frames = [msgspec.msgpack.decode(frame, type=ClassifyFaces) for frame in packed or []]
        now = time.time()
        batch = [frame for frame in frames if frame.deadline > now and frame.vote_profile in self._weights]
        if not batch:
            return
        try:
            replies = self._loop.run_until_complete(
                classify_batch(batch, self._fan_out, self._weights, self._settings.predict_timeout_ms / 1000)
            )
        except Exception:
            # The outermost loop: whatever it was, each frame's sender hears of it now and not at the deadline.
            log.exception("batch_failed", frames=len(batch))
            replies = [FrameFailed(frame.ticket, "internal", "the ensemble failed") for frame in batch]
        self._answer(batch, replies)

    def _answer(self, batch: list[ClassifyFaces], replies: list[FrameAnswered | FrameFailed]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for frame, reply in zip(batch, replies, strict=True):
                pipeline.publish(frame.reply_channel, msgspec.msgpack.encode(reply))
            pipeline.execute()

    def check_ready(self, command: CheckReady) -> None:
        """Answers which members give a prediction for a blank crop."""
        timeout_s = self._settings.predict_timeout_ms / 1000
        answers = self._loop.run_until_complete(self._fan_out.predict(bytes(CROP_BYTES), timeout_s))
        missing = [name for name in self._fan_out.names if name not in answers]
        reply = ReadyChecked(command.ticket, list(answers), missing)
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))

    def close(self) -> None:
        self._loop.run_until_complete(self._fan_out.close())
        self._loop.close()


def make_app(settings: EnsembleSettings, worker: EnsembleWorker) -> celery.Celery:
    """The Celery application with this worker's two tasks."""
    app = make_live_app(settings.redis_url)

    @app.task(name=CLASSIFY_FACES)
    def classify_faces(**_: object) -> None:
        worker.serve_waiting_frames()

    @app.task(name=CHECK_ENSEMBLE)
    def check_ensemble(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))

    return app
