"""What a hostile or broken client gets: a clear error; and what its neighbour notices: nothing."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Callable, Iterator

import aiohttp
import cv2
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from contracts.frames import Frame, pack_frame
from contracts.protocol import Dropped, Error, Result, SessionClosed
from tests.integration.live_session import LiveSession, live_session, with_claimed_size
from tests.platform_process import Platform

PNG_BOMB = (
    cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()[:16]
    + (60_000).to_bytes(4, "big") * 2
    + cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()[24:]
)
GIF = b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + bytes(1000)


def cut(jpeg: bytes, share: float) -> bytes:
    return jpeg[: int(len(jpeg) * share)]


async def assert_alive(session: LiveSession, jpeg: bytes) -> None:
    await session.result(jpeg)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("not a jpeg", "bad_image"),
        ("zero bytes", "bad_image"),
        ("cut in the header", "bad_image"),
        ("cut in the middle", "bad_image"),
        ("cut before the end", "bad_image"),
        ("trailing bytes", "bad_image"),
        ("30000 x 30000", "too_many_pixels"),
        ("png bomb", "bad_image"),
        ("gif", "bad_image"),
        ("too large", "frame_too_large"),
    ],
)
async def test_a_bad_frame_gets_a_clear_error_and_the_session_lives(
    platform: Platform, jpeg: bytes, name: str, code: str
) -> None:
    bad = {
        "not a jpeg": b"hello",
        "zero bytes": b"",
        "cut in the header": jpeg[:100],
        "cut in the middle": cut(jpeg, 0.5),
        "cut before the end": jpeg[:-2],
        "trailing bytes": jpeg + b"MZ" * 10,
        "30000 x 30000": with_claimed_size(jpeg, 30_000, 30_000),
        "png bomb": PNG_BOMB,
        "gif": GIF,
        "too large": jpeg + bytes(1024 * 1024),
    }[name]
    async with live_session(platform.url) as session:
        error = await session.read(bad)
        assert isinstance(error, Error)
        assert (error.code, error.fatal) == (code, False)
        assert len(error.message) > 5
        await assert_alive(session, jpeg)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.9])
async def test_a_jpeg_with_its_middle_missing_never_shows_the_picture_before(
    platform: Platform, jpeg: bytes, share: float
) -> None:
    """opencv#26488: 4.10 decoded a broken JPEG into the pixels of the picture decoded before it."""
    async with live_session(platform.url) as session:
        for _ in range(3):
            await assert_alive(session, jpeg)
        # The same header, then nothing but the end: whatever face came back could only be the one before.
        scan = jpeg.index(b"\xff\xda")
        broken = jpeg[: scan + 14 + int(200 * share)] + b"\xff\xd9"
        answer = await session.read(broken)
        assert isinstance(answer, Error) or (isinstance(answer, Result) and answer.faces == [])


@pytest.mark.parametrize("message", [b"", b"\x00\x01\x02", bytes(11)])
async def test_a_binary_message_without_a_whole_header_gets_an_error_without_a_frame(
    platform: Platform, jpeg: bytes, message: bytes
) -> None:
    async with live_session(platform.url) as session:
        await session.connection.send(message)
        error = await session.answer_to(None)
        assert isinstance(error, Error)
        assert error.code == "bad_frame_header"
        await assert_alive(session, jpeg)


@pytest.mark.parametrize(
    "text",
    ["hello", '{"type":"session.update","unknown":1}', '{"type":"session.update","smoothing":9}', "\0"],
)
async def test_a_text_message_that_can_not_be_used_gets_an_error(platform: Platform, jpeg: bytes, text: str) -> None:
    async with live_session(platform.url) as session:
        await session.connection.send(text)
        error = await session.answer_to(None)
        assert isinstance(error, Error)
        assert error.code == "bad_message"
        await assert_alive(session, jpeg)


async def test_repeated_and_backward_frame_ids_are_refused(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        await session.ask(jpeg)
        await session.send(jpeg, frame_id=10)
        assert isinstance(await session.answer_to(10), Result | Dropped)
        for frame_id in (10, 4):
            await session.send(jpeg, frame_id=frame_id)
            error = await session.answer_to(frame_id)
            assert isinstance(error, Error)
            assert error.code == "frame_id_not_increasing"
        await session.send(jpeg, frame_id=11)
        assert isinstance(await session.answer_to(11), Result | Dropped)


async def test_the_fifth_bad_frame_in_a_row_ends_the_session_with_its_totals(platform: Platform) -> None:
    async with live_session(platform.url) as session:
        for _ in range(5):
            await session.send(b"no jpeg")
        assert await session.until_closed() == (1008, "bad_frames")
    *errors, closed = session.messages[1:]
    assert [error.fatal for error in errors if isinstance(error, Error)] == [False] * 4 + [True]
    assert isinstance(closed, SessionClosed)
    assert (closed.reason, closed.totals.frames, closed.totals.errors) == ("bad_frames", 5, 5)


async def test_sound_frames_before_five_bad_ones_are_still_answered(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        for _ in range(3):
            await session.send(jpeg)
        for _ in range(20):
            await session.send(b"no jpeg")
        assert await session.until_closed() == (1008, "bad_frames")
    # The three sound ones and the five bad ones that ended it; before those, bad ones that an answer forgave.
    assert session.ids() == list(range(1, len(session.ids()) + 1))
    assert len(session.ids()) >= 8
    assert sum(error.fatal for error in session.messages if isinstance(error, Error)) == 1
    assert isinstance(session.messages[-1], SessionClosed)


async def test_a_message_far_too_large_is_not_even_read(platform: Platform) -> None:
    async with live_session(platform.url) as session:
        with contextlib.suppress(ConnectionClosed):
            await session.connection.send(bytes(6 * 1024 * 1024))
        code, _ = await session.until_closed()
    assert code == 1009


@pytest.mark.parametrize("offered", [None, "thespis.v0"])
async def test_a_wrong_subprotocol_is_told_the_right_one(platform: Platform, offered: str | None) -> None:
    protocols = None if offered is None else [Subprotocol(offered)]
    address = platform.url.replace("http", "ws") + "/v1/stream"
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=protocols, proxy=None)
    assert refused.value.response.status_code == 400
    assert b"thespis.v1" in refused.value.response.body


async def test_a_page_of_another_origin_may_not_open_a_session(platform: Platform) -> None:
    address = platform.url.replace("http", "ws") + "/v1/stream"
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=[Subprotocol("thespis.v1")], origin="https://evil.example", proxy=None)
    assert refused.value.response.status_code == 403
    async with connect(address, subprotocols=[Subprotocol("thespis.v1")], origin=platform.url, proxy=None) as own:
        assert own.subprotocol == "thespis.v1"


async def test_a_thousand_frames_at_once_are_each_answered_once(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        sending = asyncio.create_task(_send_many(session, jpeg, 1000))
        while len(session.ids()) < 1000:
            await session.next()
        await sending
        assert session.ids() == list(range(1, 1001))
        reasons = {answer.reason for answer in session.answers() if isinstance(answer, Dropped)}
        assert "rate" in reasons


async def _send_many(session: LiveSession, jpeg: bytes, count: int) -> None:
    for _ in range(count):
        await session.send(jpeg)


def handshake(host: str, port: str) -> bytes:
    return (
        f"GET /v1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: thespis.v1\r\n\r\n"
    ).encode()


def endless_updates() -> Iterator[bytes]:
    update = b'{"type":"session.update","votes":true}'
    while True:
        yield bytes([0x81, 0x80 | len(update), 0, 0, 0, 0]) + update


def endless_frames() -> Iterator[bytes]:
    tiny = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    for frame_id in itertools.count(1):
        message = pack_frame(Frame(frame_id, 0, tiny))
        yield bytes([0x82, 0xFE]) + struct.pack(">H", len(message)) + bytes(4) + message


@pytest.mark.parametrize("messages", [endless_updates, endless_frames])
async def test_a_client_that_never_reads_is_cut_off_and_others_go_on(
    platform: Platform, jpeg: bytes, messages: Callable[[], Iterator[bytes]]
) -> None:
    """A raw socket that reads nothing: its answers pile up until the gateway ends it."""
    host, port = platform.url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await loop.sock_connect(raw, (host, int(port)))
        await loop.sock_sendall(raw, handshake(host, port))
        async with live_session(platform.url) as neighbour:
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(_send_for_ever(raw, messages()), 60)
            await assert_alive(neighbour, jpeg)


async def _send_for_ever(raw: socket.socket, messages: Iterator[bytes]) -> None:
    while True:
        many = b"".join(itertools.islice(messages, 1000))
        await asyncio.get_running_loop().sock_sendall(raw, many)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that waits for nobody."""
    log = tmp_path_factory.mktemp("impatient") / "up.log"
    with Platform(log, THESPIS_PING_INTERVAL_S="4", THESPIS_UPLOAD_TIMEOUT_S="0.4") as running:
        yield running


async def test_a_client_that_does_not_answer_pings_is_taken_for_gone(impatient: Platform) -> None:
    """A raw socket that takes what comes and never says anything."""
    host, port = impatient.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(handshake(host, port))
    async with asyncio.timeout(20):
        assert b"session.created" in await reader.read()
    writer.close()


async def test_a_client_that_answers_pings_may_be_silent(impatient: Platform, jpeg: bytes) -> None:
    async with live_session(impatient.url) as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.connection.recv(), 10)  # the library answers pings while it waits
        await assert_alive(session, jpeg)


async def test_an_upload_that_does_not_come_is_given_up(impatient: Platform) -> None:
    host, port = impatient.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /v1/images HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n\r\n\xff".encode("latin-1"))
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"}")
    assert b" 408 " in answer
    assert b"urn:thespis:problem:too_slow" in answer
    writer.close()


async def test_one_that_connects_and_says_nothing_is_ended(tmp_path_factory: pytest.TempPathFactory) -> None:
    log = tmp_path_factory.mktemp("idle") / "up.log"
    with Platform(log, THESPIS_IDLE_TIMEOUT_S="0.5") as platform:
        async with live_session(platform.url) as session:
            assert await session.until_closed() == (1008, "idle")


async def test_more_sessions_than_allowed_are_told_to_come_later(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    log = tmp_path_factory.mktemp("full") / "up.log"
    with Platform(log, THESPIS_MAX_SESSIONS="2", THESPIS_MAX_SESSIONS_PER_ADDRESS="2") as platform:

        async def refusal() -> tuple[int, str]:
            address = platform.url.replace("http", "ws") + "/v1/stream"
            async with connect(address, subprotocols=[Subprotocol("thespis.v1")], proxy=None) as connection:
                session = LiveSession(connection)
                await session.next()
                return await session.until_closed()

        async with live_session(platform.url), live_session(platform.url):
            assert await refusal() == (1013, "too_many_sessions")
        async with live_session(platform.url), live_session(platform.url):
            assert await refusal() == (1013, "too_many_sessions")


async def test_a_neighbour_of_all_this_misses_nothing(platform: Platform, jpeg: bytes) -> None:
    async def nuisance() -> None:
        async with live_session(platform.url) as session:
            for bad in (b"", jpeg[:99], b"\xff" * 5000, with_claimed_size(jpeg, 65_000, 65_000)):
                await session.ask(bad)
        async with aiohttp.ClientSession() as http:
            for bad in (b"", PNG_BOMB, jpeg[:500]):
                async with http.post(f"{platform.url}/v1/images", data=bad) as response:
                    assert response.status in {413, 422}

    async with live_session(platform.url) as neighbour:
        nuisances = [asyncio.create_task(nuisance()) for _ in range(3)]
        for _ in range(20):
            await neighbour.result(jpeg)
        await asyncio.gather(*nuisances)
    assert neighbour.ids() == list(range(1, len(neighbour.answers()) + 1))
