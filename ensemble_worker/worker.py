"""The Celery tasks of the ensemble worker.

`classify_faces` is only a doorbell (runtime/doorbell.py): whoever hears it takes as many frames' faces as wait, of all
sessions, and asks the members in rounds of so many crops that each round ends well within its time.
"""

import asyncio
import time
from pathlib import Path

import celery
import msgspec
import redis
import structlog

from contracts.geometry import CROP_BYTES
from contracts.names import CHECK_ENSEMBLE, CLASSIFY_FACES, WAITING_FACES
from contracts.work import CheckReady, ClassifyFaces, FrameAnswered, FrameFailed, ReadyChecked
from ensemble_worker.classify import CroppedFaces, classify_batch, rounds
from ensemble_worker.fan_out import FanOut
from ensemble_worker.member import Member
from ensemble_worker.settings import EnsembleSettings, parse_members
from runtime import pixels
from runtime.doorbell import Doorbell
from runtime.model_tree import BadModelTree, read_ensemble

log = structlog.get_logger("thespis.ensemble")

LEAST_TIME_S = 0.003
"""With less than this left before the deadline no answer would reach anybody in time."""

FRAME_DECODER = msgspec.msgpack.Decoder(ClassifyFaces)


class EnsembleWorker:
    """The members and the loop their channels live in; one task at a time (Celery's solo pool)."""

    def __init__(self, settings: EnsembleSettings, redis_client: "redis.Redis", app: celery.Celery) -> None:
        ensemble = read_ensemble(Path(settings.models_path))
        targets = parse_members(settings.members)
        unknown = set(targets) - set(ensemble.members)
        if unknown:
            raise BadModelTree(f"THESPIS_MEMBERS names {sorted(unknown)}, which models.toml does not have")
        self._settings = settings
        self._weights = {profile: vote.weights for profile, vote in ensemble.votes.items()}
        self._redis = redis_client
        self._faces = Doorbell(app, CLASSIFY_FACES, WAITING_FACES)
        self._loop = asyncio.new_event_loop()
        self._fan_out = self._loop.run_until_complete(self._open(targets))

    async def _open(self, targets: dict[str, str]) -> FanOut:
        return FanOut([Member(name, to, self._settings.member_retry_s) for name, to in targets.items()])

    def serve_waiting_frames(self) -> None:
        """Takes what waits, up to a limit, and answers the frames that still have time."""
        entries = self._faces.take(self._redis, self._settings.max_batch_frames)
        frames = [FRAME_DECODER.decode(entry) for entry in entries]
        crops = pixels.take(self._redis, [frame.crops_key for frame in frames])
        waiting = [
            CroppedFaces(frame, its_crops)
            for frame, its_crops in zip(frames, crops, strict=True)
            if its_crops is not None and frame.vote_profile in self._weights
        ]
        for batch in rounds(waiting, self._settings.max_batch_crops):
            self._serve([cropped for cropped in batch if cropped.frame.deadline > time.time() + LEAST_TIME_S])

    def _serve(self, batch: list[CroppedFaces]) -> None:
        if not batch:
            return
        try:
            replies = self._loop.run_until_complete(
                classify_batch(batch, self._fan_out, self._weights, self._settings.predict_timeout_ms / 1000)
            )
        except Exception:
            # The outermost loop: whatever it was, each frame's sender hears of it now and not at the deadline.
            log.exception("batch_failed", frames=len(batch))
            replies = [FrameFailed(cropped.frame.ticket, "internal", "the ensemble failed") for cropped in batch]
        self._answer([cropped.frame for cropped in batch], replies)

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


def add_tasks(app: celery.Celery, worker: EnsembleWorker) -> None:
    """Gives the Celery application this worker's two tasks."""

    @app.task(name=CLASSIFY_FACES)
    def classify_faces(**_: object) -> None:
        worker.serve_waiting_frames()

    @app.task(name=CHECK_ENSEMBLE)
    def check_ensemble(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))
