"""The Celery tasks of the detector worker: an encoded picture in, crops handed on to the ensemble."""

import time

import celery
import msgspec
import redis
import structlog

from contracts.geometry import CROP_SIZE, BoundingBox
from contracts.names import CHECK_DETECTOR, CLASSIFY_FACES, DETECT_FACES, PENDING_CROPS
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
from runtime.publishing import TaskEncoder

log = structlog.get_logger("thespis.detector")

STRANDED_AFTER_S = 30
"""Crops whose doorbell was lost go with the next one, or after this time when there is no next one."""


class Doorbell(msgspec.Struct, frozen=True):
    """`classify_faces` carries nothing: the crops wait in a list."""


class DetectorWorker:
    """Finds faces, one picture at a time: the networks are not thread-safe."""

    def __init__(self, settings: DetectorSettings, redis_client: "redis.Redis", encoder: TaskEncoder) -> None:
        self._settings = settings
        self._redis = redis_client
        self._encoder = encoder
        self._detectors = {name: make_detector(name) for name in {settings.detector, settings.picture_detector}}

    def _detector_for(self, command: DetectFaces) -> FaceDetector:
        return self._detectors[self._settings.picture_detector if command.still else self._settings.detector]

    def detect_faces(self, command: DetectFaces) -> None:
        """Answers a picture without faces itself; every other goes on to the ensemble."""
        try:
            picture = self._redis.getdel(command.picture_key)
            if picture is None or command.deadline < time.time():
                return  # too late for anyone to care; the gateway has answered or will at the deadline
            if command.already_cropped:
                self._pass_on_crop(command, bytes(picture))  # type: ignore[arg-type]
            else:
                self._find_faces(command, bytes(picture))  # type: ignore[arg-type]
        except UndecodableImage as problem:
            self._reply(command, FrameFailed(command.ticket, "undecodable_image", str(problem)))
        except redis.RedisError:
            raise
        except Exception:
            # The outermost loop: whatever it was, the frame's sender hears of it now and not at the deadline.
            log.exception("detection_failed")
            self._reply(command, FrameFailed(command.ticket, "internal", "the detector failed"))

    def _find_faces(self, command: DetectFaces, picture: bytes) -> None:
        started = time.perf_counter()
        bgr_image = decode_image(picture)
        decoded = time.perf_counter()
        faces = find_faces(self._detector_for(command), bgr_image, command.max_faces, command.min_face_size)
        crops = b"".join(cut_crop(bgr_image, face).tobytes() for face in faces)
        height, width = bgr_image.shape[:2]
        decode_ms = (decoded - started) * 1000
        detect_ms = (time.perf_counter() - decoded) * 1000
        if faces:
            self._pass_on(command, width, height, decode_ms, detect_ms, faces, crops)
        else:
            reply = FrameAnswered(command.ticket, width, height, decode_ms, detect_ms, 0.0, [], [], [])
            self._reply(command, reply)

    def _pass_on_crop(self, command: DetectFaces, picture: bytes) -> None:
        started = time.perf_counter()
        crop = decode_crop(picture)
        whole = DetectedFace(BoundingBox(0, 0, CROP_SIZE, CROP_SIZE), 1.0, None)
        decode_ms = (time.perf_counter() - started) * 1000
        self._pass_on(command, CROP_SIZE, CROP_SIZE, decode_ms, 0.0, [whole], crop.tobytes())

    def _pass_on(
        self, command: DetectFaces, width: int, height: int, decode_ms: float, detect_ms: float,
        faces: list[DetectedFace], crops: bytes,
    ) -> None:  # fmt: skip
        """Lays the crops down and rings the doorbell, in one round trip."""
        handed_on = ClassifyFaces(
            command.ticket, command.reply_channel, command.deadline, command.vote_profile, command.votes,
            width, height, decode_ms, detect_ms, faces, crops,
        )  # fmt: skip
        doorbell = self._encoder.encode(CLASSIFY_FACES, CLASSIFY_FACES, Doorbell(), expires=command.deadline)
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.rpush(PENDING_CROPS, msgspec.msgpack.encode(handed_on))
            pipeline.expire(PENDING_CROPS, STRANDED_AFTER_S)
            pipeline.lpush(CLASSIFY_FACES, doorbell)
            pipeline.execute()

    def _reply(self, command: DetectFaces, reply: FrameAnswered | FrameFailed) -> None:
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))

    def check_ready(self, command: CheckReady) -> None:
        """Answers that this worker consumes."""
        reply = ReadyChecked(command.ticket, [], [])
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))


def make_app(settings: DetectorSettings, redis_client: "redis.Redis") -> celery.Celery:
    """The Celery application with this worker's two tasks."""
    app = make_live_app(settings.redis_url)
    worker = DetectorWorker(settings, redis_client, TaskEncoder(app))

    @app.task(name=DETECT_FACES)
    def detect_faces(**command: object) -> None:
        worker.detect_faces(msgspec.convert(command, DetectFaces))

    @app.task(name=CHECK_DETECTOR)
    def check_detector(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))

    return app
