"""No frame of a live session is stored: looked for in every place where the platform could have left one."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tests.integration.live_session import live_session
from tests.platform_process import Platform
from tests.waiting import wait_until

MARK = b"thespis-looks-for-this-mark-in-every-file"
FRAMES = 20


def marked(jpeg: bytes) -> bytes:
    """The same picture with the mark as its comment."""
    comment = b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK
    return jpeg[:2] + comment + jpeg[2:]


def folders_of(process: psutil.Process) -> set[Path]:
    """Where it works and where it has files open, but not all of the disk."""
    opened = {Path(file.path).parent for file in process.open_files()}
    return {folder for folder in opened | {Path(process.cwd())} if folder != Path("/")}


def files_with_the_mark(folders: set[Path], since: float) -> list[Path]:
    files = (path for folder in folders for path in folder.rglob("*") if not path.is_symlink())
    return [path for path in files if _changed(path, since) and MARK in path.read_bytes()]


def _changed(path: Path, since: float) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_mtime >= since


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """One that logs all it can and has a folder of its own for temporary files."""
    (tmp_path / "tmp").mkdir()
    with Platform(tmp_path / "up.log", THESPIS_LOG_LEVEL="debug", TMPDIR=str(tmp_path / "tmp")) as running:
        yield running


async def test_no_file_holds_a_frame(platform: Platform, jpeg: bytes, tmp_path: Path) -> None:
    started = psutil.Process(platform.process.pid).create_time()
    async with live_session(platform.url) as session:
        for _ in range(FRAMES):
            await session.ask(marked(jpeg))
    folders = {tmp_path}.union(*(folders_of(child) for child in platform.children))
    assert files_with_the_mark(folders, started) == []


async def test_redis_forgets_a_frame_that_nobody_took_and_has_no_disk(platform: Platform, jpeg: bytes) -> None:
    with live_redis(platform) as client:
        assert client.config_get("save")["save"] == ""
        detectors = platform.children_with("-m detector_worker")
        for detector in detectors:
            detector.suspend()
        async with live_session(platform.url) as session:
            await session.send(marked(jpeg))
            wait_until(lambda: holds_the_mark(client))
            wait_until(lambda: not holds_the_mark(client))
        for detector in detectors:
            detector.resume()


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "kept.jpg").write_bytes(b"..." + MARK)
    assert files_with_the_mark({tmp_path}, 0) == [tmp_path / "kept.jpg"]


def holds_the_mark(client: redis.Redis) -> bool:
    """Pictures lie in strings; what lists and hashes hold is looked through, too."""
    return any(MARK in value for key in client.scan_iter() for value in _values(client, key))


def _values(client: redis.Redis, key: bytes) -> list[bytes]:
    match client.type(key):
        case b"string":
            return [client.get(key) or b""]
        case b"list":
            return client.lrange(key, 0, -1)
        case b"hash":
            return client.hvals(key)
        case _:
            return []


@contextlib.contextmanager
def live_redis(platform: Platform) -> Iterator[redis.Redis]:
    """The one for live work: of the platform's two it keeps no log of what it holds."""
    for process in platform.children_with("valkey-server"):
        ports = [one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        with redis.Redis(port=ports[0]) as client:
            if client.config_get("appendonly")["appendonly"] == "no":
                yield client
                return
    pytest.fail("no Redis for live work")
