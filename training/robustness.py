"""Crops made harder in eight ways, pure: what a darker room, a poor camera, a tilted or a covered face does to them.

Each change takes and gives uint8 crops [48, 48] in the geometry of FER2013: eyes at about (15, 19) and (33, 19),
mouth at about y = 36. Strengths are for crops of 48 pixels; they simulate, and are no pictures of such scenes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BRIGHTNESS = 0.5  # factor on every pixel
CONTRAST = 0.5  # factor on every pixel's distance from the picture's mean
BLUR_SIGMA = 1.5  # pixels, of a Gaussian
JPEG_QUALITY = 30
ROTATION_DEGREES = 20.0  # counter-clockwise; what comes in at the edges repeats the outermost pixels
COVER_GRAY = 128
LOWER_HALF = slice(24, 48)  # rows, from below the eyes: nose, mouth and chin
EYES = (slice(12, 25), slice(5, 43))  # rows, columns: both eyes and brows

Crop = NDArray[np.uint8]


def darker(crop: Crop) -> Crop:
    """At half the brightness."""
    return _as_uint8(crop * BRIGHTNESS)


def flatter(crop: Crop) -> Crop:
    """With less contrast about the picture's own mean."""
    return _as_uint8(crop.mean() + (crop - crop.mean()) * CONTRAST)


def blurred(crop: Crop) -> Crop:
    """By a Gaussian, as out of focus."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), BLUR_SIGMA), dtype=np.uint8)


def compressed(crop: Crop) -> Crop:
    """As it comes back from a JPEG of quality 30."""
    _, encoded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def rotated(crop: Crop, degrees: float) -> Crop:
    """About the picture's centre, counter-clockwise for positive `degrees`."""
    height, width = crop.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), degrees, 1.0)
    return np.asarray(cv2.warpAffine(crop, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def without_lower_half(crop: Crop) -> Crop:
    """Nose, mouth and chin under gray, as by a mask."""
    covered = crop.copy()
    covered[LOWER_HALF] = COVER_GRAY
    return covered


def without_eyes(crop: Crop) -> Crop:
    """Eyes and brows under gray, as by dark glasses."""
    covered = crop.copy()
    covered[EYES] = COVER_GRAY
    return covered


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of making crops harder, and what to call it in a report."""

    description: str
    change: Callable[[Crop], Crop]

    def of(self, crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 crops [n, 48, 48] -> as many changed ones."""
        return np.stack([self.change(crop) for crop in crops])


CONDITIONS: Mapping[str, Condition] = {
    "darker": Condition(f"brightness × {BRIGHTNESS}", darker),
    "flatter": Condition(f"contrast × {CONTRAST}", flatter),
    "blurred": Condition(f"Gaussian blur, σ = {BLUR_SIGMA} px", blurred),
    "compressed": Condition(f"JPEG, quality {JPEG_QUALITY}", compressed),
    "rotated_left": Condition(f"rotated by +{ROTATION_DEGREES:.0f}°", lambda crop: rotated(crop, ROTATION_DEGREES)),
    "rotated_right": Condition(f"rotated by -{ROTATION_DEGREES:.0f}°", lambda crop: rotated(crop, -ROTATION_DEGREES)),
    "lower_half_covered": Condition("lower half covered", without_lower_half),
    "eyes_covered": Condition("eyes covered", without_eyes),
}


def _as_uint8(values: NDArray[np.floating]) -> Crop:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)
