"""Boxes, landmarks and where a face's parts lie in a crop. All coordinates are pixels, x right and y down."""

from typing import Final

import msgspec

CROP_SIZE: Final = 48
"""Crops are CROP_SIZE × CROP_SIZE uint8 gray pixels, as FER2013's pictures are."""

CROP_BYTES: Final = CROP_SIZE * CROP_SIZE


class Point(msgspec.Struct, frozen=True):
    """A place in the picture as displayed (EXIF orientation honoured), in pixels."""

    x: float
    y: float


class BoundingBox(msgspec.Struct, frozen=True):
    """A face's box in pixels of the picture as displayed."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height


class Landmarks(msgspec.Struct, frozen=True):
    """Named points of a face. Left and right are the viewer's: `left_eye` has the smaller x in an upright face."""

    left_eye: Point
    right_eye: Point
    nose: Point
    mouth: Point
    left_ear: Point
    right_ear: Point


def overlap(first: BoundingBox, second: BoundingBox) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    height = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    return intersection / (first.area + second.area - intersection)
