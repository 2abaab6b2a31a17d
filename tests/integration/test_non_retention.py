"""No frame and no picture is left anywhere: not in Redis after its time, not in a file, not in a log.

Each picture carries a marker in a JPEG comment. The platform runs with everything it writes under one folder: its data,
its temporary files, its working directory, its logs.
"""

import asyncio
import base64
import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
import redis

from contracts.protocol import Error
from tests.files import paths_under
from tests.integration.live_session import live_session
from tests.platform_process import ROOT, Platform
from tests.waiting import wait_until
from thespis.sample_face import face_jpeg

MARKER = f"never-to-be-kept-{secrets.token_hex(16)}".encode()
MARKERS = [MARKER, *(base64.b64encode(b"\0" * shift + MARKER)[4:-4] for shift in range(3)), MARKER.hex().encode()]
"""As it is, as base64 in each of the three ways that its place in a longer text can turn it, and as hex."""

PICTURES = "thespis:picture:*"
KNOWN_FILES = re.compile(r"up\.log|data/(lock|jobs-redis-url|redis-password\.conf|metrics\.json|redis/.+)")
KNOWN_KEYS = (b"thespis:ticket:",)
LONGEST_LIFE_S = 12.0
"""A single picture's deadline of 10 s and half a second, the longest that anything may lie in Redis."""


def marked(jpeg: bytes) -> bytes:
    """The same JPEG with the marker in a comment (COM) right behind its start."""
    return jpeg[:2] + b"\xff\xfe" + (len(MARKER) + 2).to_bytes(2, "big") + MARKER + jpeg[2:]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the platform may write to."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def forgetful(home: Path) -> Iterator[Platform]:
    for folder in ("tmp", "work"):
        (home / folder).mkdir()
    for name in ("models", "web"):
        (home / "work" / name).symlink_to(ROOT / name)
    with Platform(
        home / "up.log",
        cwd=home / "work",
        PYTHONPATH=str(ROOT),
        TMPDIR=str(home / "tmp"),
        THESPIS_LOG_LEVEL="debug",
        THESPIS_MAX_FRAME_BYTES="4000000",
        THESPIS_MAX_FRAME_PIXELS="9000000",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def large(jpeg: bytes) -> bytes:
    """The same face in a picture of more than a megabyte."""
    image = cv2.resize(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), (1600, 1200))
    noise = np.random.default_rng(7).integers(0, 24, image.shape, np.uint8)
    encoded = cv2.imencode(".jpg", cv2.add(image, noise), [cv2.IMWRITE_JPEG_QUALITY, 97])[1].tobytes()
    assert len(encoded) > 1024 * 1024
    return encoded


def found_in_files(folder: Path) -> list[Path]:
    """Files under a folder that hold the marker in any form."""
    return [path for path in paths_under(folder) if path.is_file() and not path.is_symlink() and _holds(path)]


def _holds(path: Path) -> bool:
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        return any(marker in content for marker in MARKERS)
    return False


def unknown_files(folder: Path) -> list[str]:
    """Files of another name than we know the platform to write: a crop or a decoded frame bears no marker."""
    names = [str(path.relative_to(folder)) for path in paths_under(folder) if path.is_file() and not path.is_symlink()]
    return [name for name in names if not KNOWN_FILES.fullmatch(name)]


def unknown_keys(client: "redis.Redis") -> list[bytes]:
    """The same for what is left in Redis."""
    return [key for key in client.keys("*") if not key.startswith(KNOWN_KEYS)]


def found_in_redis(client: "redis.Redis") -> list[bytes]:
    """Keys whose value holds the marker, whatever their kind."""
    found = []
    for key in client.scan_iter():
        with contextlib.suppress(redis.ResponseError):  # a stream or set that DUMP packs is searched as it is packed
            value = b"".join(_values(client, key))
            if any(marker in value for marker in MARKERS):
                found.append(key)
    return found


def _values(client: "redis.Redis", key: bytes) -> list[bytes]:
    match client.type(key):
        case b"string":
            return [client.get(key) or b""]
        case b"list":
            return client.lrange(key, 0, -1)
        case b"hash":
            return [part for pair in client.hgetall(key).items() for part in pair]
        case b"zset":
            return client.zrange(key, 0, -1)
        case b"stream":
            return [part for _, fields in client.xrange(key) for pair in fields.items() for part in pair]
        case _:
            return [client.dump(key) or b""]


def found_in_logs_of_commands(client: "redis.Redis") -> list[object]:
    """Commands that Redis keeps for being slow or large, with the beginning of what they carry."""
    return [
        entry
        for kind in ("slow", "large-request", "large-reply")
        for entry in client.execute_command("COMMANDLOG", "GET", "-1", kind)
        if any(marker in repr(entry).encode() for marker in MARKERS)
    ]


@contextlib.contextmanager
def both_redis(platform: Platform) -> Iterator[list["redis.Redis"]]:
    environment = platform.child("-m gateway").environ()
    clients = [redis.Redis.from_url(environment[name]) for name in ("THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL")]
    yield clients
    for client in clients:
        client.close()


def open_files(platform: Platform) -> set[Path]:
    """What its processes hold open, deleted or not, beside what is not on a disk."""
    found = set()
    for child in platform.children:
        for descriptor in Path(f"/proc/{child.pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                found.add(Path(os.readlink(descriptor)))
    return found


async def test_frames_and_pictures_leave_nothing_behind(
    forgetful: Platform, home: Path, jpeg: bytes, large: bytes
) -> None:
    sound = [marked(picture) for picture in (jpeg, large, face_jpeg())]
    broken = [marked(large)[:-5000], marked(jpeg)[:200], marked(b"\xff\xd8\xff\xd9"), MARKER, marked(large) + MARKER]
    async with live_session(forgetful.url) as session:
        for frame in sound:
            await session.result(frame)
        for frame in broken:
            assert isinstance(await session.read(frame), Error)
            await session.result(sound[0])
        await session.connection.send(MARKER.decode())
        assert isinstance(await session.answer_to(None), Error)
        for frame in sound * 5:
            await session.send(frame)
    async with httpx.AsyncClient(base_url=forgetful.url, trust_env=False, timeout=30) as http:
        for picture in sound:
            for answer in (
                await http.post("/v1/images", content=picture),
                await http.post("/v1/images", files={"picture": (f"{MARKER.decode()}.jpg", picture)}),
                await http.post("/v1/images?explain=true&votes=true", content=sound[0]),
            ):
                assert answer.status_code == 200
        for picture in broken[:4]:
            assert (await http.post("/v1/images", content=picture)).status_code == 422
    with both_redis(forgetful) as clients:
        wait_until(lambda: not clients[0].keys(PICTURES) and not clients[0].keys("thespis:crops:*"), LONGEST_LIFE_S)
        assert [found_in_redis(client) for client in clients] == [[], []]
        assert [found_in_logs_of_commands(client) for client in clients] == [[], []]
        for client in clients:
            assert unknown_keys(client) == []
    assert found_in_files(home) == []
    assert unknown_files(home) == []
    assert "session_ended" in forgetful.log.read_text()


async def test_what_is_no_http_is_quoted_in_no_log(forgetful: Platform, home: Path, jpeg: bytes) -> None:
    picture = marked(jpeg)
    head = "POST /v1/images HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    said_too_short = f"{head}Content-Length: 1\r\n\r\n".encode() + picture
    said_too_short_later = f"{head}Content-Length: {len(jpeg)}\r\n\r\n".encode() + jpeg + picture
    torn_key = f"{head}Authorization: Bearer {MARKER.decode()}\x01\r\nContent-Length: 0\r\n\r\n".encode()
    host, port = forgetful.url.removeprefix("http://").split(":")
    for request in (said_too_short, said_too_short_later, torn_key):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answers = await reader.read()
        writer.close()
        assert b" 400 Bad Request\r\n" in answers
    assert found_in_files(home) == []


async def test_frames_that_nobody_takes_are_gone_after_their_time(forgetful: Platform, home: Path, jpeg: bytes) -> None:
    """Workers that stand still take no frame from Redis; its time to live does."""
    workers = [child for child in forgetful.children_with("-m detector_worker") if "jobs" not in child.cmdline()]
    with both_redis(forgetful) as (live, _):
        for worker in workers:
            worker.suspend()
        try:
            async with live_session(forgetful.url) as session:
                frame_id = await session.send(marked(jpeg))
                wait_until(lambda: found_in_redis(live))
                assert all(0 < live.pttl(key) <= 1500 for key in live.keys(PICTURES))
                await session.answer_to(frame_id)
                wait_until(lambda: not found_in_redis(live), LONGEST_LIFE_S)
        finally:
            for worker in workers:
                worker.resume()
    assert found_in_files(home) == []


def test_the_platform_writes_only_where_was_searched(forgetful: Platform, home: Path) -> None:
    on_disk = {path for path in open_files(forgetful) if path.is_absolute() and path.is_file()}
    written = {path for path in on_disk if os.access(path, os.W_OK) and path.stat().st_mtime > home.stat().st_ctime}
    strangers = {path for path in written if home not in path.parents and not str(path).startswith(("/dev", "/proc"))}
    assert strangers == set()


@pytest.mark.parametrize("marker", [*MARKERS[1:4], MARKER])
def test_the_search_would_find_it_in_a_file_and_in_redis(
    forgetful: Platform, tmp_path: Path, jpeg: bytes, marker: bytes
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "kept.bin").write_bytes(jpeg + b"..." + marker + b"...")
    assert found_in_files(tmp_path) == [tmp_path / "deep" / "kept.bin"]
    with both_redis(forgetful) as (live, _):
        try:
            live.rpush("kept-list", b"x" + marker)
            live.hset("kept-hash", "field", marker)
            live.xadd("kept-stream", {"field": marker})
            assert sorted(found_in_redis(live)) == [b"kept-hash", b"kept-list", b"kept-stream"]
        finally:
            live.delete("kept-list", "kept-hash", "kept-stream")
    in_base64 = base64.b64encode(marked(jpeg))
    assert any(each in in_base64 for each in MARKERS[1:4])
