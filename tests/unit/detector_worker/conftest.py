"""Pictures for the detector's tests: one that every machine has, photographs of groups where installed."""

import os
import struct
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

NODE_MODULES = Path(__file__).parents[2] / "media" / "node_modules"
GROUP_PICTURES = NODE_MODULES / "@vladmandic" / "face-api" / "demo"

Image = npt.NDArray[np.uint8]

# How pixels are stored so that a viewer who honours the EXIF orientation displays them as given.
STORED_FOR = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, 1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image, -1),
}


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """BGR, 512×512, one face around (222, 110); scikit-image is found, not imported."""
    spec = find_spec("skimage")
    assert spec is not None, "scikit-image, a test requirement, is not installed"
    assert spec.submodule_search_locations
    path = Path(next(iter(spec.submodule_search_locations))) / "data" / "astronaut.png"
    return cv2.imread(str(path))


@pytest.fixture(scope="session")
def group_images() -> list[Image]:
    """Photographs of 3, 3, 3, 4, 5 and 4 faces, 960 pixels; from THESPIS_TEST_MEDIA or `make media`."""
    folder = Path(os.environ.get("THESPIS_TEST_MEDIA", GROUP_PICTURES))
    images = [cv2.imread(str(path)) for path in sorted(folder.glob("sample?.jpg"))]
    if not images:
        pytest.skip(f"no photographs of groups in {folder}: run `make media` or set THESPIS_TEST_MEDIA")
    return [shrunk(image, 960) for image in images]


def shrunk(image: Image, side: int) -> Image:
    scale = side / max(image.shape)
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def jpeg_displayed_as() -> Callable[[Image, int], bytes]:
    """A JPEG that, its EXIF orientation honoured, looks like the image given with it."""

    def encode(displayed: Image, orientation: int) -> bytes:
        stored = STORED_FOR.get(orientation, STORED_FOR[1])(displayed)
        _, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(stored), [cv2.IMWRITE_JPEG_QUALITY, 95])
        return with_exif_orientation(jpeg.tobytes(), orientation)

    return encode


def with_exif_orientation(jpeg, orientation):
    """Puts an APP1 segment with one EXIF tag, the orientation, behind the start of the JPEG."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"II*\x00" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]
