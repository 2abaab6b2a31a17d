"""A running platform, and a browser before whose camera three people sit: for pictures and figures of the page."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser

from tests.conftest import FACE_API
from tests.e2e.clips import drift, write_mjpeg
from tests.e2e.conftest import browser_that_sees
from tests.platform_process import Platform


@contextlib.contextmanager
def three_faces() -> Iterator[tuple[Browser, str]]:
    """The browser, and the platform's address."""
    picture = np.asarray(cv2.imread(str(FACE_API / "sample1.jpg")), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        clip = write_mjpeg(Path(folder) / "clip.mjpeg", drift(picture))
        with Platform(Path(folder) / "up.log") as platform, browser_that_sees(clip) as browser:
            yield browser, platform.url
