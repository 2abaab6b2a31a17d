"""A real face that set-up brings along: scikit-image's astronaut (NASA, public domain). The package is not imported."""

import importlib.util
from pathlib import Path

import cv2

WIDTH, HEIGHT = 640, 480


def astronaut_path() -> Path:
    """The picture's file. Raises FileNotFoundError."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        raise FileNotFoundError("scikit-image, which has the test picture, is not installed: run `make setup`")
    return Path(package.origin).parent / "data" / "astronaut.png"


def face_jpeg() -> bytes:
    """A 640×480 frame with one face, as a webcam would send it."""
    bgr_image = cv2.imread(str(astronaut_path()))
    if bgr_image is None:
        raise FileNotFoundError(f"{astronaut_path()} can't be read")
    cut = bgr_image[: bgr_image.shape[1] * HEIGHT // WIDTH]
    _, jpeg = cv2.imencode(".jpg", cv2.resize(cut, (WIDTH, HEIGHT)), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return jpeg.tobytes()
