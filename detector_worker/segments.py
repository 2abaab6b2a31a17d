"""The detector's part of a job: a segment of a video in, its faces' crops out, into the artefact store."""

import msgspec
import structlog

from contracts.work import DetectedFace
from detector_worker.crops import cut_crop
from detector_worker.decoding import UndecodableImage, decode_image
from detector_worker.detectors import FaceDetector, find_faces
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.parts import DetectedFrame, SegmentCrops
from jobs.sandbox import frames_apart
from jobs.stages import Claim
from jobs.store import JobFacts, JobStore, UnknownJob
from jobs.video import BadVideo, SampledFrame
from jobs.working import GivenUp, Lease, LeaseLost, StageWorker, end_segment

log = structlog.get_logger("thespis.detector")


class SegmentDetector:
    """Works on the stage `detect`."""

    def __init__(
        self, store: JobStore, bells: Bells, artefacts: Artefacts, detector: FaceDetector, patience_s: float
    ) -> None:
        self._store = store
        self._bells = bells
        self._artefacts = artefacts
        self._detector = detector
        self._worker = StageWorker(store, bells, "detect", self._detect, self._give_up, patience_s)

    def serve(self) -> None:
        """Works on one segment, if any waits."""
        self._worker.serve()

    def _detect(self, claim: Claim, lease: Lease) -> None:
        try:
            facts = self._store.facts(claim.job_id)
        except UnknownJob:
            raise LeaseLost from None
        part = self._artefacts.path(claim.job_id, "parts", str(claim.segment))
        crops = msgspec.msgpack.encode(self._look_at(claim, facts, lease))
        lease.check()
        self._artefacts.write_whole(part, crops)
        if not self._store.stages.detected(claim):
            # The part stays: another worker may have been first, and the ensemble reads the same from it.
            raise LeaseLost
        self._bells.ring("classify")

    def _look_at(self, claim: Claim, facts: JobFacts, lease: Lease) -> SegmentCrops:
        if facts.plan is None or facts.video is None or claim.segment is None:
            raise LeaseLost
        frames, crops, error = [], [], ""
        upload = self._artefacts.path(claim.job_id, "upload")
        try:
            with self._artefacts.local(upload) as path:
                for sampled in frames_apart(path, facts.video.container, facts.plan, claim.segment):
                    lease.check()
                    frame, its_crops = self._faces_in(sampled, facts)
                    frames.append(frame)
                    crops += its_crops
        except BadVideo as problem:
            if not frames:
                raise GivenUp(str(problem)) from problem
            error = str(problem)
        return SegmentCrops(frames, b"".join(crops), error)

    def _faces_in(self, sampled: SampledFrame, facts: JobFacts) -> tuple[DetectedFrame, list[bytes]]:
        try:
            image = decode_image(sampled.picture) if isinstance(sampled.picture, bytes) else sampled.picture
        except UndecodableImage as problem:
            return DetectedFrame(sampled.tick, sampled.time_s, [], str(problem)), []
        options = facts.options
        faces: list[DetectedFace] = find_faces(self._detector, image, options.max_faces, options.min_face_size)
        return DetectedFrame(sampled.tick, sampled.time_s, faces), [cut_crop(image, face).tobytes() for face in faces]

    def _give_up(self, claim: Claim, message: str) -> None:
        end_segment(self._store, self._bells, claim, 0, message)
