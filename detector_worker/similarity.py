"""Similarity transforms of the plane, and drawing a square of an image through one without aliasing.

Points are complex numbers, x + iy, x right and y down, in pixels with 0 at the corner of the first pixel (its
middle is at 0.5 + 0.5i).
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.complex128]
Pixels = npt.NDArray[np.uint8]
"""uint8 [height, width] or [height, width, 3]."""

MARGIN: Final = 2.0
"""Pixels around the square that are taken along, for interpolation at its edge."""

HEAP: Final = 1.0
"""Points that spread less (weighted sum of squared distances to their middle) tell no size and no angle."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """The map z -> turn * z + shift: rotation and scale in `turn`, translation in `shift`."""

    turn: complex
    shift: complex

    def __call__(self, point: complex) -> complex:
        return self.turn * point + self.shift

    def then(self, scale: float, shift: complex = 0j) -> "Similarity":
        """First this map, then z -> scale * z + shift."""
        return Similarity(self.turn * scale, self.shift * scale + shift)

    def inverse(self) -> "Similarity":
        return Similarity(1 / self.turn, -self.shift / self.turn)


def fit_similarity(points: Points, places: Points, weights: npt.NDArray[np.float64]) -> Similarity | None:
    """The similarity that brings `points` nearest to `places`; None when the points lie in one heap.

    Umeyama's least squares (IEEE PAMI 13(4), 1991); in the complex plane a regression, which can't mirror.
    """
    middle, target = np.average(points, weights=weights), np.average(places, weights=weights)
    centred = points - middle
    spread = float(np.sum(weights * np.abs(centred) ** 2))
    if spread < HEAP:
        return None
    turn = complex(np.sum(weights * np.conj(centred) * (places - target))) / spread
    return Similarity(turn, complex(target - turn * middle)) if turn else None


def seen_part(image: Pixels, to_square: Similarity, side: int) -> tuple[Pixels, Similarity]:
    """The part of the image (a view, never empty) that shows in a square, and its map to the square."""
    height, width = image.shape[:2]
    low, high = -MARGIN, side + MARGIN
    to_image = to_square.inverse()
    corners = [to_image(complex(x, y)) for x in (low, high) for y in (low, high)]
    left, right = _span([corner.real for corner in corners], width)
    top, bottom = _span([corner.imag for corner in corners], height)
    return image[top:bottom, left:right], Similarity(to_square.turn, to_square(complex(left, top)))


def draw(image: Pixels, to_square: Similarity, side: int, oversampling: int = 1) -> Pixels:
    """A square of `side` pixels; what lies outside the image repeats its edge.

    Shrinking averages over areas, so that no detail finer than a pixel folds back as a pattern. The rest
    of the way is a bilinear warp; with `oversampling` it ends that many times too large and is averaged down.
    """
    oversampled = to_square.then(oversampling)
    height, width = image.shape[:2]
    reduction = min(1.0, abs(oversampled.turn))
    small_width, small_height = max(1, round(width * reduction)), max(1, round(height * reduction))
    if reduction < 1:
        image = _uint8(cv2.resize(image, (small_width, small_height), interpolation=cv2.INTER_AREA))
    matrix = warp_matrix(oversampled, width / image.shape[1], height / image.shape[0])
    size = (side * oversampling, side * oversampling)
    drawn = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return _uint8(cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA) if oversampling > 1 else drawn)


def warp_matrix(similarity: Similarity, step_x: float = 1.0, step_y: float = 1.0) -> npt.NDArray[np.float64]:
    """float64 [2, 3] for `cv2.warpAffine`, which counts pixels by their middles; a pixel steps that far."""
    turn, shift = similarity.turn, similarity.shift
    matrix = np.array(
        [
            [turn.real * step_x, -turn.imag * step_y, shift.real],
            [turn.imag * step_x, turn.real * step_y, shift.imag],
        ]
    )
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    return matrix


def _span(coordinates: list[float], length: int) -> tuple[int, int]:
    start = min(max(floor(min(coordinates)), 0), length - 1)
    return start, max(min(ceil(max(coordinates)), length), start + 1)


def _uint8(pixels: npt.NDArray[np.generic]) -> Pixels:
    return pixels.astype(np.uint8, copy=False)
