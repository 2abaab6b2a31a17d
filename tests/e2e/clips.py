"""Clips for the fake camera: one face (skimage's astronaut, public domain), several, none, one that comes and goes."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.video_clips import write_clip

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


def drift(bgr_image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Frames that show nearly all of a photograph and move a little."""
    height, width = bgr_image.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height) * 1.05
    room_x, room_y = width * scale - WIDTH, height * scale - HEIGHT
    for turn in np.linspace(0, 2 * np.pi, FRAMES, endpoint=False):
        left, top = room_x / 2 * (1 + 0.3 * np.sin(turn)), room_y / 2 * (1 + 0.3 * np.cos(turn))
        matrix = np.array([[scale, 0, -left], [0, scale, -top]])
        yield np.asarray(cv2.warpAffine(bgr_image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA), np.uint8)


def empty_room() -> Iterator[NDArray[np.uint8]]:
    """Frames of a wall that slowly gets lighter and darker."""
    wall = np.linspace(60, 180, WIDTH, dtype=np.float64)[None, :, None]
    for turn in np.linspace(0, 2 * np.pi, FRAMES, endpoint=False):
        shade = np.clip(wall + 20 * np.sin(turn), 0, 255)
        yield np.broadcast_to(shade, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def come_and_go(bgr_image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The face for two seconds, then as long nobody, twice as long as a face that is gone keeps its panel."""
    yield from pan_and_zoom(bgr_image)
    yield from empty_room()


def blurred(frames: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """So much that the members do not agree on what a face shows."""
    for bgr_image in frames:
        yield np.asarray(cv2.GaussianBlur(bgr_image, (0, 0), 9), np.uint8)


def write_mjpeg(path: Path, frames: Iterator[NDArray[np.uint8]]) -> Path:
    """Chromium's .mjpeg is JPEGs one after the other."""
    with path.open("wb") as clip:
        for bgr_image in frames:
            clip.write(cv2.imencode(".jpg", bgr_image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return path


def write_long_film(path: Path) -> Path:
    """Thirty seconds of a face that stands still, sixty frames a second: looked at with fps=60 it takes a while."""
    return write_clip(path, [np.asarray(cv2.resize(astronaut(), (320, 240)), np.uint8)] * 1800, 60.0)
