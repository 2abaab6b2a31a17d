"""What every test may use: a running platform and real frames."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.frames import moving_frames
from tests.platform_process import Platform

FACE_API = Path(__file__).parent / "media" / "node_modules" / "@vladmandic" / "face-api" / "demo"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all tests that leave it as they found it."""
    with Platform(tmp_path_factory.mktemp("platform") / "up.log") as running:
        yield running


@pytest.fixture(scope="session")
def frames() -> list[bytes]:
    """JPEGs of 640×480 with one face that moves a little."""
    return moving_frames()


@pytest.fixture(scope="session")
def jpeg(frames: list[bytes]) -> bytes:
    return frames[0]


@pytest.fixture(scope="session")
def group_pictures() -> list[Path]:
    """Six photographs with 3, 3, 3, 4, 5 and 4 faces, fetched by `make test`."""
    pictures = sorted(FACE_API.glob("sample?.jpg"))
    if not pictures:
        pytest.skip("tests/media is not installed: run `make media`")
    return pictures
