"""A detected face -> the crop that the members read, laid out as FER2013 lays out its faces.

The constants say where FER2013's training pictures have a face's points, in crop pixels with (0, 0) at the corner
of the first pixel (its middle is at 0.5, 0.5). They are the medians printed by

    python -m training.fit_crop_geometry --data /work/shared/data/fer2013

FITTED_PLACEHOLDER

With landmarks the crop is turned, scaled and moved by the similarity that brings eyes, nose and mouth nearest to their
places (weighted least squares). Without, the Haar box is brought to the place where FER2013's faces have theirs.
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contracts.geometry import CROP_SIZE, BoundingBox, Landmarks
from contracts.work import DetectedFace
from detector_worker.decoding import BgrImage, GrayCrop

LEFT_EYE_AT: Final = complex(15.07, 18.79)
RIGHT_EYE_AT: Final = complex(32.83, 18.76)
NOSE_AT: Final = complex(24.21, 28.88)
MOUTH_AT: Final = complex(24.21, 37.19)

HAAR_CENTRE_AT: Final = complex(24.0, 24.0)
HAAR_SIDE: Final = 44.0

PLACES: Final = np.array([LEFT_EYE_AT, RIGHT_EYE_AT, NOSE_AT, MOUTH_AT])
WEIGHTS: Final = np.array([1.0, 1.0, 0.0, 1.0])

OVERSAMPLING: Final = 2
"""The face is first drawn this many times too large, then averaged down: no detail finer than a pixel is left."""

MARGIN: Final = 2.0
"""Crop pixels around the crop that are taken along, for interpolation at its edge."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """The map z -> turn * z + shift of the complex plane (x right, y down): rotation, scale and translation."""

    turn: complex
    shift: complex

    def inverse(self) -> "Similarity":
        return Similarity(1 / self.turn, -self.shift / self.turn)

    def __call__(self, point: complex) -> complex:
        return self.turn * point + self.shift


@dataclass(frozen=True, slots=True)
class Region:
    """Whole pixels of an image: left and top included, right and bottom not."""

    left: int
    top: int
    right: int
    bottom: int


def cut_crop(bgr_image: BgrImage, face: DetectedFace) -> GrayCrop:
    """The face's aligned gray crop, uint8 [CROP_SIZE, CROP_SIZE]; what lies outside the image repeats its edge."""
    to_crop = similarity_of(face)
    height, width = bgr_image.shape[:2]
    region = seen_region(to_crop, width, height)
    gray_region = cv2.cvtColor(
        bgr_image[region.top : region.bottom, region.left : region.right], cv2.COLOR_BGR2GRAY
    )
    return _draw(gray_region, region, to_crop)


def similarity_of(face: DetectedFace) -> Similarity:
    """The map from the image's pixels to the crop's."""
    if face.landmarks is not None:
        fitted = fit_similarity(points_of(face.landmarks), PLACES, WEIGHTS)
        if fitted is not None:
            return fitted
    return similarity_of_box(face.box)


def similarity_of_box(box: BoundingBox) -> Similarity:
    """Unrotated, from the box alone."""
    scale = HAAR_SIDE / max(box.width, box.height, 1.0)
    return Similarity(complex(scale), HAAR_CENTRE_AT - scale * complex(box.x + box.width / 2, box.y + box.height / 2))


def points_of(landmarks: Landmarks) -> npt.NDArray[np.complex128]:
    """Eyes, nose and mouth, in the order of PLACES."""
    named = (landmarks.left_eye, landmarks.right_eye, landmarks.nose, landmarks.mouth)
    return np.array([complex(point.x, point.y) for point in named])


def fit_similarity(
    points: npt.NDArray[np.complex128], places: npt.NDArray[np.complex128], weights: npt.NDArray[np.float64]
) -> Similarity | None:
    """The similarity that brings `points` nearest to `places`; None when the points lie in one heap.

    In the complex plane Umeyama's least squares (IEEE PAMI 13(4), 1991) is a linear regression, and can't mirror.
    """
    middle, target = np.average(points, weights=weights), np.average(places, weights=weights)
    centred = points - middle
    spread = float(np.sum(weights * np.abs(centred) ** 2))
    turn = complex(np.sum(weights * np.conj(centred) * (places - target))) / spread if spread > 1.0 else 0j
    return Similarity(turn, complex(target - turn * middle)) if abs(turn) > 0 else None


def seen_region(to_crop: Similarity, width: int, height: int) -> Region:
    """The image's pixels that the crop shows, a margin with them; at least one pixel, always inside the image."""
    low, high = -MARGIN, CROP_SIZE + MARGIN
    to_image = to_crop.inverse()
    corners = [to_image(complex(x, y)) for x in (low, high) for y in (low, high)]
    left, right = _span(min(c.real for c in corners), max(c.real for c in corners), width)
    top, bottom = _span(min(c.imag for c in corners), max(c.imag for c in corners), height)
    return Region(left, top, right, bottom)


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    start = min(max(floor(low), 0), length - 1)
    return start, max(min(ceil(high), length), start + 1)


def _draw(gray_region: npt.NDArray[np.uint8], region: Region, to_crop: Similarity) -> GrayCrop:
    """Area-averages the region down to the oversampled scale, warps it there and averages the rest away."""
    height, width = gray_region.shape
    reduction = min(1.0, OVERSAMPLING * abs(to_crop.turn))
    inner_width, inner_height = max(1, round(width * reduction)), max(1, round(height * reduction))
    small = cv2.resize(gray_region, (inner_width, inner_height), interpolation=cv2.INTER_AREA)
    # Small pixels -> image pixels -> crop pixels -> oversampled pixels, all by corners; warpAffine counts by middles.
    step_x, step_y = width / inner_width, height / inner_height
    turn = to_crop.turn * OVERSAMPLING
    shift = (to_crop.turn * complex(region.left, region.top) + to_crop.shift) * OVERSAMPLING
    matrix = np.array(
        [[turn.real * step_x, -turn.imag * step_y, shift.real], [turn.imag * step_x, turn.real * step_y, shift.imag]]
    )
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    side = CROP_SIZE * OVERSAMPLING
    drawn = cv2.warpAffine(small, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(drawn, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
