"""Clips for the fake camera, made from scikit-image's astronaut: public domain, one face."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
FRAMES = 60


def astronaut() -> NDArray[np.uint8]:
    """512 × 512 BGR. Found without importing scikit-image, which is large."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    bgr_image = cv2.imread(str(Path(spec.origin).parent / "data" / "astronaut.png"))
    assert bgr_image is not None
    return np.asarray(bgr_image, np.uint8)


def pan_and_zoom(bgr_image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Frames that move around the face and back, so that the loop has no jump."""
    for turn in np.linspace(0, 2 * np.pi, FRAMES, endpoint=False):
        height = 330 + 30 * np.cos(turn)
        width = height * WIDTH / HEIGHT
        left, top = 18 + 12 * np.sin(turn), 4 + 4 * np.cos(turn)
        scale = WIDTH / width
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        yield np.asarray(cv2.warpAffine(bgr_image, matrix, (WIDTH, HEIGHT)), np.uint8)


def write_mjpeg(path: Path, frames: Iterator[NDArray[np.uint8]]) -> Path:
    """Chromium's .mjpeg is JPEGs one after the other."""
    with path.open("wb") as clip:
        for bgr_image in frames:
            clip.write(cv2.imencode(".jpg", bgr_image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return path
