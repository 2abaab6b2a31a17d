"""The Celery tasks of the detector worker: encoded pictures in, crops handed on to the ensemble.

`detect_faces` is only a doorbell (runtime/doorbell.py): the frames wait in a list, and whoever hears it takes a few.
"""

import time
from dataclasses import dataclass, field
from typing import cast

import celery
import msgspec
import redis
import structlog

from contracts.geometry import CROP_SIZE, BoundingBox
from contracts.names import CHECK_DETECTOR, CLASSIFY_FACES, DETECT_FACES, WAITING_CROPS, WAITING_FRAMES
from contracts.work import (
    CheckReady,
    ClassifyFaces,
    DetectedFace,
    DetectFaces,
    FrameAnswered,
    FrameFailed,
    ReadyChecked,
)
from detector_worker.crops import cut_crop
from detector_worker.decoding import UndecodableImage, decode_crop, decode_image
from detector_worker.detectors import FaceDetector, find_faces, make_detector
from detector_worker.settings import DetectorSettings
from runtime.celery_app import make_live_app
from runtime.doorbell import Doorbell

log = structlog.get_logger("thespis.detector")

COMMAND_DECODER = msgspec.msgpack.Decoder(DetectFaces)


@dataclass(slots=True)
class Outcome:
    """What becomes of the frames taken at once: crops to hand on, and replies to those that end here."""

    crops: list[ClassifyFaces] = field(default_factory=list)
    replies: list[tuple[DetectFaces, FrameAnswered | FrameFailed]] = field(default_factory=list)


class DetectorWorker:
    """Finds faces, one picture at a time: the networks are not thread-safe."""

    def __init__(self, settings: DetectorSettings, redis_client: "redis.Redis", app: celery.Celery) -> None:
        self._settings = settings
        self._redis = redis_client
        self._frames = Doorbell(app, DETECT_FACES, WAITING_FRAMES)
        self._crops = Doorbell(app, CLASSIFY_FACES, WAITING_CROPS)
        self._detectors = {name: make_detector(name) for name in {settings.detector, settings.picture_detector}}

    def serve_waiting_frames(self) -> None:
        """Takes some frames, looks at those that still have time, and sends on what came of them in one go."""
        entries = self._frames.take(self._redis, self._settings.max_detect_frames)
        if not entries:
            return
        commands = [COMMAND_DECODER.decode(entry) for entry in entries]
        outcome = Outcome()
        for command, picture in zip(commands, self._take_pictures(commands), strict=True):
            if picture is None or command.deadline < time.time():
                continue  # too late for anyone to care; the gateway has answered or will at the deadline
            self._look_at(command, picture, outcome)
        self._send_on(outcome)

    def _take_pictures(self, commands: list[DetectFaces]) -> list[bytes | None]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.getdel(command.picture_key)
            return cast(list[bytes | None], pipeline.execute())

    def _look_at(self, command: DetectFaces, picture: bytes, outcome: Outcome) -> None:
        """Decides a picture without faces and one that can't be decoded; every other goes on to the ensemble."""
        try:
            if command.already_cropped:
                outcome.crops.append(self._pass_on_crop(command, picture))
                return
            handed_on = self._find_faces(command, picture)
        except UndecodableImage as problem:
            outcome.replies.append((command, FrameFailed(command.ticket, "undecodable_image", str(problem))))
        except Exception:
            # The outermost loop: whatever it was, the frame's sender hears of it now and not at the deadline.
            log.exception("detection_failed")
            outcome.replies.append((command, FrameFailed(command.ticket, "internal", "the detector failed")))
        else:
            if handed_on.faces:
                outcome.crops.append(handed_on)
            else:
                outcome.replies.append((command, nobody_found(handed_on)))

    def _detector_for(self, command: DetectFaces) -> FaceDetector:
        return self._detectors[self._settings.picture_detector if command.still else self._settings.detector]

    def _find_faces(self, command: DetectFaces, picture: bytes) -> ClassifyFaces:
        started = time.perf_counter()
        bgr_image = decode_image(picture)
        decoded = time.perf_counter()
        faces = find_faces(self._detector_for(command), bgr_image, command.max_faces, command.min_face_size)
        crops = b"".join(cut_crop(bgr_image, face).tobytes() for face in faces)
        height, width = bgr_image.shape[:2]
        decode_ms = (decoded - started) * 1000
        detect_ms = (time.perf_counter() - decoded) * 1000
        return command_to_classify(command, width, height, decode_ms, detect_ms, faces, crops)

    def _pass_on_crop(self, command: DetectFaces, picture: bytes) -> ClassifyFaces:
        started = time.perf_counter()
        crop = decode_crop(picture)
        whole = DetectedFace(BoundingBox(0, 0, CROP_SIZE, CROP_SIZE), 1.0, None)
        decode_ms = (time.perf_counter() - started) * 1000
        return command_to_classify(command, CROP_SIZE, CROP_SIZE, decode_ms, 0.0, [whole], crop.tobytes())

    def _send_on(self, outcome: Outcome) -> None:
        """Lays the crops down and answers the rest, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            if outcome.crops:
                self._crops.ring(pipeline, [msgspec.msgpack.encode(crops) for crops in outcome.crops])
            for command, reply in outcome.replies:
                pipeline.publish(command.reply_channel, msgspec.msgpack.encode(reply))
            pipeline.execute()

    def check_ready(self, command: CheckReady) -> None:
        """Answers that this worker consumes."""
        reply = ReadyChecked(command.ticket, [], [])
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))


def command_to_classify(
    command: DetectFaces, width: int, height: int, decode_ms: float, detect_ms: float,
    faces: list[DetectedFace], crops: bytes,
) -> ClassifyFaces:  # fmt: skip
    """What the ensemble is told about a frame."""
    return ClassifyFaces(
        command.ticket, command.reply_channel, command.deadline, command.vote_profile, command.votes,
        width, height, decode_ms, detect_ms, faces, crops,
    )  # fmt: skip


def nobody_found(frame: ClassifyFaces) -> FrameAnswered:
    """The answer to a frame without a face."""
    return FrameAnswered(frame.ticket, frame.width, frame.height, frame.decode_ms, frame.detect_ms, 0.0, [], [], [])


def make_app(settings: DetectorSettings, redis_client: "redis.Redis") -> celery.Celery:
    """The Celery application with this worker's two tasks."""
    app = make_live_app(settings.redis_url)
    worker = DetectorWorker(settings, redis_client, app)

    @app.task(name=DETECT_FACES)
    def detect_faces(**_: object) -> None:
        worker.serve_waiting_frames()

    @app.task(name=CHECK_DETECTOR)
    def check_detector(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))

    return app
