"""Which detectors there are, and which of their faces go on."""

from collections.abc import Iterable
from typing import Protocol

from contracts.work import DetectedFace
from detector_worker.blazeface import BlazeFace
from detector_worker.decoding import BgrImage
from detector_worker.haar import Haar
from detector_worker.settings import DetectorName


class FaceDetector(Protocol):
    """Finds faces. Not thread-safe: one object a thread."""

    def detect(self, bgr_image: BgrImage) -> list[DetectedFace]:
        """Faces of uint8 [height, width, 3]; boxes lie inside the image."""
        ...

    def refine(self, bgr_image: BgrImage, faces: list[DetectedFace]) -> list[DetectedFace]:
        """The same faces, in the same order, with boxes and landmarks as exact as crops need them."""
        ...


def make_detector(name: DetectorName) -> FaceDetector:
    """A new detector by its name in the settings. Raises WeightsMissing when they are not installed."""
    match name:
        case "blazeface":
            return BlazeFace()
        case "blazeface_full":
            return BlazeFace(far=True)
        case "haar":
            return Haar()


def select_faces(faces: Iterable[DetectedFace], max_faces: int, min_face_size: float) -> list[DetectedFace]:
    """The `max_faces` largest, largest first, of those with a shorter side of at least `min_face_size`."""
    large_enough = [face for face in faces if min(face.box.width, face.box.height) >= min_face_size]
    return sorted(large_enough, key=lambda face: face.box.area, reverse=True)[:max_faces]


def find_faces(detector: FaceDetector, bgr_image: BgrImage, max_faces: int, min_face_size: float) -> list[DetectedFace]:
    """Detects, selects and refines only what was selected; largest first."""
    selected = select_faces(detector.detect(bgr_image), max_faces, min_face_size)
    return select_faces(detector.refine(bgr_image, selected), max_faces, 0)
