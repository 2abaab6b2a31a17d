"""Encoded picture -> image. Every failure is an UndecodableImage: the sender's fault, a retry does not help.

Only JPEG, PNG and WebP are let through to OpenCV, told by their first bytes; it would read GIF, TIFF, EXR
and more, none of which anybody needs to send. OpenCV 4.10 returned the previous picture's pixels for a JPEG
that ends early (opencv#26488); 4.12 and later return nothing, and a test keeps it so.
"""

import cv2
import numpy as np
import numpy.typing as npt

from contracts.geometry import CROP_SIZE
from contracts.picture_kinds import NAMES, kind_of

BgrImage = npt.NDArray[np.uint8]
"""uint8 [height, width, 3]."""

GrayCrop = npt.NDArray[np.uint8]
"""uint8 [CROP_SIZE, CROP_SIZE]."""


class UndecodableImage(ValueError):
    """Raised when bytes are not a picture that can be read; its message is for the client."""


def decode_image(encoded: bytes) -> BgrImage:
    """A JPEG, PNG or WebP as it is meant to be seen: EXIF orientation honoured, alpha dropped, 8 bits."""
    return _decode(encoded, cv2.IMREAD_COLOR)


def decode_crop(encoded: bytes) -> GrayCrop:
    """A picture that is a crop already; a gray PNG of CROP_SIZE × CROP_SIZE goes through unchanged."""
    gray_crop = _decode(encoded, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if gray_crop.shape != (CROP_SIZE, CROP_SIZE):
        height, width = gray_crop.shape
        raise UndecodableImage(
            f"an already cropped picture must be {CROP_SIZE}×{CROP_SIZE} pixels, this one is {width}×{height}"
        )
    return gray_crop


def _decode(encoded: bytes, flags: int) -> npt.NDArray[np.uint8]:
    if not encoded:
        raise UndecodableImage("the picture is empty: it has no bytes")
    kind = kind_of(encoded)
    if kind is None:
        raise UndecodableImage("this is not a JPEG, PNG or WebP picture")
    name = NAMES[kind]
    try:
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    except cv2.error as error:
        raise UndecodableImage(f"this {name} can't be read: it is damaged or its size is not supported") from error
    if image is None or image.size == 0:
        raise UndecodableImage(f"this {name} can't be read: it is cut short or damaged")
    return image.astype(np.uint8, copy=False)
