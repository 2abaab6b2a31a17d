"""The Celery tasks of the detector worker: encoded pictures in, crops handed on to the ensemble.

The tasks are only doorbells (runtime/doorbell.py): frames wait in a list, and whoever hears it takes a few of them.
"""

import time
from dataclasses import dataclass, field

import celery
import msgspec
import redis
import structlog

from contracts.geometry import CROP_SIZE, BoundingBox
from contracts.names import (
    CHECK_DETECTOR,
    CLASSIFY_FACES,
    DETECT_FACES,
    DETECT_IN_PICTURE,
    EXPLAIN_FACES,
    WAITING_EXPLANATIONS,
    WAITING_FACES,
    WAITING_FRAMES,
    WAITING_PICTURES,
    crops_key,
)
from contracts.work import (
    CheckReady,
    ClassifyFaces,
    DetectedFace,
    DetectFaces,
    FrameAnswered,
    FrameFailed,
    ReadyChecked,
    Trail,
)
from detector_worker.crops import crop_to_image, cut_crop
from detector_worker.decoding import UndecodableImage, decode_crop, decode_image
from detector_worker.detectors import FaceDetector, find_faces, make_detector
from detector_worker.settings import DetectorSettings
from runtime import pixels, tracing
from runtime.doorbell import Doorbell, readable
from runtime.metrics import BATCH_SIZE

log = structlog.get_logger("thespis.detector")

BATCH = BATCH_SIZE.labels("detect")
COMMAND_DECODER = msgspec.msgpack.Decoder(DetectFaces)


@dataclass(slots=True)
class Outcome:
    """What becomes of pictures taken at once: faces with their crops to hand on, and replies to those that end here."""

    found: list[tuple[ClassifyFaces, bytes]] = field(default_factory=list)
    replies: list[tuple[DetectFaces, FrameAnswered | FrameFailed]] = field(default_factory=list)


class DetectorWorker:
    """Finds faces, one picture at a time: the networks are not thread-safe."""

    def __init__(self, settings: DetectorSettings, redis_client: "redis.Redis", app: celery.Celery) -> None:
        self._settings = settings
        self._redis = redis_client
        self._frames = Doorbell(app, DETECT_FACES, WAITING_FRAMES)
        self._pictures = Doorbell(app, DETECT_IN_PICTURE, WAITING_PICTURES)
        self._faces = Doorbell(app, CLASSIFY_FACES, WAITING_FACES)
        self._explanations = Doorbell(app, EXPLAIN_FACES, WAITING_EXPLANATIONS)
        detectors = {name: make_detector(name) for name in {settings.detector, settings.picture_detector}}
        self._detector_of_frames = detectors[settings.detector]
        self._detector_of_pictures = detectors[settings.picture_detector]

    def serve_waiting_frames(self) -> None:
        """Takes some live frames and looks at those that still have time."""
        self._serve(self._frames.take(self._redis, self._settings.max_detect_frames), self._detector_of_frames)

    def serve_waiting_picture(self) -> None:
        """The same for a single picture. One at a time: live frames come between."""
        self._serve(self._pictures.take(self._redis, 1), self._detector_of_pictures)

    def _serve(self, entries: list[bytes], detector: FaceDetector) -> None:
        """Sends on what came of all entries in one go."""
        if not entries:
            return
        BATCH.observe(len(entries))
        commands = readable(entries, COMMAND_DECODER)
        pictures = pixels.take(self._redis, [command.picture_key for command in commands])
        outcome = Outcome()
        for command, picture in zip(commands, pictures, strict=True):
            if picture is None or command.deadline < time.time():
                continue  # too late for anyone to care; the gateway has answered or will at the deadline
            trail = command.trail
            with tracing.span("detect_faces", trail.traceparent, session_id=trail.session_id, frame_id=trail.frame_id):
                look_at(command, picture, detector, outcome)
        if outcome.found or outcome.replies:
            self._send_on(outcome)

    def _send_on(self, outcome: Outcome) -> None:
        """Lays the crops down, rings the ensemble and answers the rest, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for command, crops in outcome.found:
                pixels.lay_down(pipeline, command.crops_key, crops, command.deadline)
            for doorbell, explain in ((self._faces, False), (self._explanations, True)):
                entries = [msgspec.msgpack.encode(found) for found, _ in outcome.found if found.explain is explain]
                if entries:
                    doorbell.lay_down(pipeline, entries)
            for asked, reply in outcome.replies:
                pipeline.publish(asked.reply_channel, msgspec.msgpack.encode(reply))
            pixels.send(pipeline)

    def check_ready(self, command: CheckReady) -> None:
        """Answers that this worker consumes."""
        reply = ReadyChecked(command.correlation_id, [], [])
        self._redis.publish(command.reply_channel, msgspec.msgpack.encode(reply))

    def leave(self) -> None:
        """After the last task: whoever stays hears of what waits still."""
        for doorbell in (self._frames, self._pictures):
            doorbell.pass_on(self._redis)


def look_at(command: DetectFaces, picture: bytes, detector: FaceDetector, outcome: Outcome) -> None:
    """Decides a picture without faces and one that can't be decoded; every other goes on to the ensemble."""
    try:
        found, crops = whole_crop(command, picture) if command.already_cropped else faces_in(command, picture, detector)
    except UndecodableImage as problem:
        outcome.replies.append((command, FrameFailed(command.correlation_id, "undecodable_image", str(problem))))
    except Exception:
        # The outermost loop: whatever it was, the frame's sender hears of it now and not at the deadline.
        log.exception("detection_failed", session_id=command.trail.session_id, frame_id=command.trail.frame_id)
        outcome.replies.append((command, FrameFailed(command.correlation_id, "internal", "the detector failed")))
    else:
        if found.faces:
            outcome.found.append((found, crops))
        else:
            outcome.replies.append((command, nobody_found(found)))


def faces_in(command: DetectFaces, picture: bytes, detector: FaceDetector) -> tuple[ClassifyFaces, bytes]:
    """The faces of a picture and their crops. Raises UndecodableImage."""
    started = time.perf_counter()
    bgr_image = decode_image(picture)
    decoded = time.perf_counter()
    faces = find_faces(detector, bgr_image, command.max_faces, command.min_face_size)
    crops = b"".join(cut_crop(bgr_image, face).tobytes() for face in faces)
    if command.explain:
        faces = [msgspec.structs.replace(face, crop_to_image=crop_to_image(face)) for face in faces]
    height, width = bgr_image.shape[:2]
    decode_ms = (decoded - started) * 1000
    detect_ms = (time.perf_counter() - decoded) * 1000
    return command_to_classify(command, width, height, decode_ms, detect_ms, faces), crops


def whole_crop(command: DetectFaces, picture: bytes) -> tuple[ClassifyFaces, bytes]:
    """A picture that is a crop already: one face, as large as the picture. Raises UndecodableImage."""
    started = time.perf_counter()
    crop = decode_crop(picture)
    as_it_is = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0] if command.explain else None
    whole = DetectedFace(BoundingBox(0, 0, CROP_SIZE, CROP_SIZE), 1.0, None, as_it_is)
    decode_ms = (time.perf_counter() - started) * 1000
    return command_to_classify(command, CROP_SIZE, CROP_SIZE, decode_ms, 0.0, [whole]), crop.tobytes()


def command_to_classify(
    command: DetectFaces, width: int, height: int, decode_ms: float, detect_ms: float, faces: list[DetectedFace]
) -> ClassifyFaces:
    """What the ensemble is told about a picture."""
    return ClassifyFaces(
        command.correlation_id, command.reply_channel, crops_key(command.correlation_id), command.deadline,
        command.vote_profile, command.votes, command.explain, width, height, decode_ms, detect_ms, faces,
        onwards(command.trail),
    )  # fmt: skip


def onwards(trail: Trail) -> Trail:
    """The same work on its next way."""
    return msgspec.structs.replace(trail, traceparent=tracing.traceparent() or trail.traceparent, sent_s=time.time())


def nobody_found(frame: ClassifyFaces) -> FrameAnswered:
    """The answer to a picture without a face."""
    return FrameAnswered(
        frame.correlation_id, frame.width, frame.height, frame.decode_ms, frame.detect_ms, 0.0, [], [], []
    )


def add_tasks(app: celery.Celery, worker: DetectorWorker) -> None:
    """Gives the Celery application this worker's tasks."""

    @app.task(name=DETECT_FACES)
    def detect_faces(**_: object) -> None:
        worker.serve_waiting_frames()

    @app.task(name=DETECT_IN_PICTURE)
    def detect_in_picture(**_: object) -> None:
        worker.serve_waiting_picture()

    @app.task(name=CHECK_DETECTOR)
    def check_detector(**command: object) -> None:
        worker.check_ready(msgspec.convert(command, CheckReady))
