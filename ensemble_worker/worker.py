"""The Celery tasks of the ensemble worker.

`classify_faces` is only a doorbell (runtime/doorbell.py): whoever hears it takes as many frames' faces as wait, of all
sessions, and asks the members in rounds of so many crops that each round ends well within its time.
"""

import asyncio
import time
from pathlib import Path

import celery
import msgspec
import numpy as np
import numpy.typing as npt
import redis
import structlog

from contracts.geometry import CROP_BYTES, CROP_SIZE
from contracts.labels import LABELS
from contracts.members import asked_members
from contracts.names import CHECK_ENSEMBLE, CLASSIFY_FACES, EXPLAIN_FACES, WAITING_EXPLANATIONS, WAITING_FACES
from contracts.protocol import Explanation
from contracts.work import CheckReady, ClassifyFaces, FrameAnswered, FrameFailed, ReadyChecked
from ensemble_worker.classify import CroppedFaces, classify_batch, rounds
from ensemble_worker.fan_out import open_members
from ensemble_worker.occlusion import covered, importance
from ensemble_worker.settings import EnsembleSettings
from ensemble_worker.voting import soft_vote
from runtime import pixels, tracing
from runtime.doorbell import Doorbell, readable
from runtime.model_tree import read_ensemble

log = structlog.get_logger("thespis.ensemble")

LEAST_TIME_S = 0.003
"""With less than this left before the deadline no answer would reach anybody in time."""

TIME_TO_ANSWER_S = 0.2
"""What an explanation leaves of a picture's time, so that what was found out still reaches who asked."""

MOST_EXPLAINED = 4
"""Faces of one picture, the largest. Each costs a hundred predictions of every member."""

FRAME_DECODER = msgspec.msgpack.Decoder(ClassifyFaces)


class EnsembleWorker:
    """The members and the loop their channels live in; one task at a time (Celery's solo pool)."""

    def __init__(self, settings: EnsembleSettings, redis_client: "redis.Redis", app: celery.Celery) -> None:
        ensemble = read_ensemble(Path(settings.models_path))
        self._settings = settings
        self._votes = ensemble.votes
        self._redis = redis_client
        self._faces = Doorbell(app, CLASSIFY_FACES, WAITING_FACES)
        self._explanations = Doorbell(app, EXPLAIN_FACES, WAITING_EXPLANATIONS)
        self._loop = asyncio.new_event_loop()
        self._fan_out = self._loop.run_until_complete(open_members(settings, ensemble))

    def serve_waiting_frames(self) -> None:
        """Takes what waits, up to a limit, and answers the frames that still have time."""
        waiting = self._take(self._faces, self._settings.max_batch_frames)
        try:
            for batch in rounds(waiting, self._settings.max_batch_crops, self._members_of):
                in_time = [cropped for cropped in batch if has_time(cropped.frame)]
                if in_time:
                    self._answer([cropped.frame for cropped in in_time], self._classify(in_time))
        finally:
            self._let_canaries_read()

    def explain_waiting_faces(self) -> None:
        """Answers one picture with what the votes on its faces lean on; live frames come between its rounds."""
        for cropped in self._take(self._explanations, 1):
            try:
                (reply,) = self._classify([cropped])
                if isinstance(reply, FrameAnswered):
                    reply = self._explained(cropped, reply)
                self._answer([cropped.frame], [reply])
            finally:
                self._let_canaries_read()

    def _take(self, doorbell: Doorbell, most: int) -> list[CroppedFaces]:
        frames = readable(doorbell.take(self._redis, most), FRAME_DECODER)
        crops = pixels.take(self._redis, [frame.crops_key for frame in frames])
        self._refuse_unknown_votes([frame for frame in frames if frame.vote_profile not in self._votes])
        return [
            CroppedFaces(frame, its_crops)
            for frame, its_crops in zip(frames, crops, strict=True)
            if its_crops is not None and frame.vote_profile in self._votes
        ]

    def _refuse_unknown_votes(self, frames: list[ClassifyFaces]) -> None:
        """Gateways know other votes than this worker while another models.toml is rolled out."""
        if frames:
            unknown = sorted({frame.vote_profile for frame in frames})
            log.warning("unknown_votes", profiles=unknown, frames=len(frames))
            words = f"the votes {', '.join(unknown)} are not served everywhere yet"
            self._answer(frames, [FrameFailed(frame.correlation_id, "internal", words) for frame in frames])

    def _members_of(self, frame: ClassifyFaces) -> list[str]:
        """Whose answers the frame's vote needs."""
        return asked_members(self._votes[frame.vote_profile].weights, self._fan_out.names, votes=frame.votes)

    def _classify(self, batch: list[CroppedFaces]) -> list[FrameAnswered | FrameFailed]:
        """The replies to frames that need the same members."""
        timeout_s = self._settings.predict_timeout_ms / 1000
        asked = self._members_of(batch[0].frame)
        trails = [cropped.frame.trail for cropped in batch]
        try:
            with tracing.batch("classify_faces", [trail.traceparent for trail in trails]):
                classified = classify_batch(batch, self._fan_out, self._votes, timeout_s, asked)
                return self._loop.run_until_complete(classified)
        except Exception:
            # The outermost loop: whatever it was, each frame's sender hears of it now and not at the deadline.
            log.exception("batch_failed", frames=[(trail.session_id, trail.frame_id) for trail in trails])
            return [FrameFailed(cropped.frame.correlation_id, "internal", "the ensemble failed") for cropped in batch]

    def _explained(self, cropped: CroppedFaces, reply: FrameAnswered) -> FrameAnswered:
        """The same answer with a map for each of the largest faces, as far as there is time."""
        frame = cropped.frame
        crops = np.frombuffer(cropped.crops, np.uint8).reshape(-1, CROP_SIZE, CROP_SIZE)
        faces = list(reply.faces)
        for index, (crop, detected) in enumerate(zip(crops[:MOST_EXPLAINED], frame.faces, strict=False)):
            label = int(np.argmax(faces[index].probabilities))
            lost = self._probabilities_when_covered(frame, set(reply.used), crop, label)
            if lost is None or detected.crop_to_image is None:
                break
            cells = importance(faces[index].probabilities[label], lost).round(4).tolist()
            explanation = Explanation(LABELS[label], CROP_SIZE, cells, detected.crop_to_image)
            faces[index] = msgspec.structs.replace(faces[index], explanation=explanation)
        return msgspec.structs.replace(reply, faces=faces)

    def _probabilities_when_covered(
        self, frame: ClassifyFaces, used: set[str], crop: npt.NDArray[np.uint8], label: int
    ) -> npt.NDArray[np.float32] | None:
        """float32 [n] in the order of the covered copies; None when time runs out, or when other members answer than
        those `used` for the face as it is: an absence would look like something that the vote leans on.
        """
        copies, most = covered(crop), self._settings.max_batch_crops
        timeout_s, vote = self._settings.predict_timeout_ms / 1000, self._votes[frame.vote_profile]
        asked = asked_members(vote.weights, self._fan_out.names, votes=False)
        found: list[npt.NDArray[np.float32]] = []
        voters = used.intersection(asked)
        for start in range(0, len(copies), most):
            self.serve_waiting_frames()
            left_s = frame.deadline - time.time() - TIME_TO_ANSWER_S
            if left_s < timeout_s:  # cut short, a member would seem to fail, and be skipped for live frames, too
                return None
            part = copies[start : start + most].tobytes()
            predictions = self._loop.run_until_complete(self._fan_out.predict(part, timeout_s, left_s, asked))
            if not predictions or set(predictions) != voters:
                return None
            found.append(soft_vote(predictions, vote)[:, label])
        return np.concatenate(found)

    def _answer(self, batch: list[ClassifyFaces], replies: list[FrameAnswered | FrameFailed]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for frame, reply in zip(batch, replies, strict=True):
                pipeline.publish(frame.reply_channel, msgspec.msgpack.encode(reply))
            pipeline.execute()

    def _let_canaries_read(self) -> None:
        """Of what was answered, now or never: nothing of it is kept for later."""
        self._loop.run_until_complete(self._fan_out.canaries.read(self._settings.predict_timeout_ms / 1000))

    def check_ready(self, command: CheckReady) -> None:
        """Answers which members give a prediction for a blank crop."""
        timeout_s = self._settings.predict_timeout_ms / 1000
        answers = self._loop.run_until_complete(self._fan_out.predict(bytes(CROP_BYTES), timeout_s))
        missing = [name for name in self._fan_out.names if name not in answers]
        reply = ReadyChecked(command.correlation_id, list(answers), missing)
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))

    def leave(self) -> None:
        """After the last task: whoever stays hears of what waits still."""
        for doorbell in (self._faces, self._explanations):
            doorbell.pass_on(self._redis)
        self._loop.run_until_complete(self._fan_out.close())
        self._loop.close()


def has_time(frame: ClassifyFaces) -> bool:
    """Whether an answer could still reach somebody before the deadline."""
    return frame.deadline > time.time() + LEAST_TIME_S


def add_tasks(app: celery.Celery, worker: EnsembleWorker) -> None:
    """Gives the Celery application this worker's tasks."""

    @app.task(name=CLASSIFY_FACES)
    def classify_faces(**_: object) -> None:
        worker.serve_waiting_frames()

    @app.task(name=EXPLAIN_FACES)
    def explain_faces(**_: object) -> None:
        worker.explain_waiting_faces()

    @app.task(name=CHECK_ENSEMBLE)
    def check_ensemble(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))
