"""Clients that hardly say anything, to hold connections: each is ended in its time, on real sockets (slow loris)."""

import contextlib
import itertools
import socket
import time
from collections.abc import Iterator

import pytest

from tests.integration.test_bad_input import handshake
from tests.platform_process import Platform
from thespis import Client

PATIENCE_S = 2.0  # which no stall of the machine should take
DRIP_S = 0.05
LONGEST_S = 20.0
PLENTY = b"Content-Length: 50000000\r\n"
BEGUN_VIDEO = (
    b"Content-Type: multipart/form-data; boundary=edge\r\n" + PLENTY + b"\r\n"
    b'--edge\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n\0\0\0\x18ftypmp42'
)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that gives everybody two seconds."""
    patience = str(PATIENCE_S)
    with Platform(
        tmp_path_factory.mktemp("hasty") / "up.log",
        THESPIS_SILENT_CONNECTION_S=patience,
        THESPIS_BODY_STALL_S=patience,
        THESPIS_IDLE_TIMEOUT_S=patience,
    ) as running:
        yield running


def dripped(
    platform: Platform, start: bytes, drops: Iterator[bytes], until: bytes | None = None
) -> tuple[bytes, float]:
    """What the gateway says to one that sends a drop at a time, and after how long it ends it or has said `until`."""
    host, port = platform.url.removeprefix("http://").split(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(DRIP_S)
        said = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(start)
            while time.monotonic() - began < LONGEST_S:
                connection.sendall(next(drops))
                try:
                    received = connection.recv(4096)
                except TimeoutError:
                    continue
                if not received:
                    break
                said += received
                if until is not None and until in said:
                    break
        return said, time.monotonic() - began


def post(path: str, head: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + head


def one_by_one(start: bytes, then: bytes = b"a") -> Iterator[bytes]:
    return itertools.chain((bytes([byte]) for byte in start), itertools.repeat(then))


@pytest.mark.parametrize(
    ("start", "drops"),
    [
        (b"", b"GET /"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X: "),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /"),
    ],
    ids=["a request line", "a header", "the second request"],
)
def test_headers_that_do_not_come_end_the_connection(hasty: Platform, start: bytes, drops: bytes) -> None:
    _, took_s = dripped(hasty, start, one_by_one(drops))
    assert PATIENCE_S / 2 < took_s < LONGEST_S / 2


@pytest.mark.parametrize(
    "start",
    [
        post("/v1/images", PLENTY + b"\r\n\xff"),
        post("/v1/images", b"Transfer-Encoding: chunked\r\n\r\n"),
        post("/v1/jobs", BEGUN_VIDEO),
        post("/v1/jobs", b"Content-Type: multipart/form-data; boundary=edge\r\n" + PLENTY + b"\r\n--edge\r\nX-"),
        post("/v1/tickets", PLENTY + b"\r\n{"),
    ],
    ids=["a picture", "a chunk's length", "a video", "a part's header", "JSON"],
)
def test_a_body_that_hardly_comes_is_given_up(hasty: Platform, start: bytes) -> None:
    drops = one_by_one(b"", b"0" if b"chunked" in start else b"a")
    said, took_s = dripped(hasty, start, drops, until=b"too_slow")
    assert said.startswith(b"HTTP/1.1 408")
    assert took_s < LONGEST_S / 2


def test_a_video_that_comes_steadily_may_take_much_longer_than_that(hasty: Platform) -> None:
    """Three times the patience, at more than 16 KiB in each; its end is never sent, so nothing is made of it."""
    began, steady_s = time.monotonic(), 3 * PATIENCE_S
    steady = (
        bytes(20 * 1024) for _ in itertools.takewhile(lambda _: time.monotonic() - began < steady_s, itertools.count())
    )
    said, took_s = dripped(hasty, post("/v1/jobs", BEGUN_VIDEO), itertools.chain(steady, one_by_one(b"")), b"too_slow")
    assert said.startswith(b"HTTP/1.1 408")
    assert took_s >= steady_s + PATIENCE_S / 2


def test_a_message_that_hardly_comes_ends_the_session(hasty: Platform) -> None:
    start = b"\x82\xff\0\0\0\0\0\x10\0\0abcd"  # a binary message of 1 MiB, masked
    host, port = hasty.url.removeprefix("http://").split(":")
    said, took_s = dripped(hasty, handshake(host, port) + start, one_by_one(b""))
    assert b"session.created" in said
    assert b'"reason":"idle"' in said
    assert took_s < LONGEST_S / 2


def test_two_hundred_slow_clients_keep_nobody_out(hasty: Platform, jpeg: bytes) -> None:
    host, port = hasty.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for start in itertools.islice(itertools.cycle((b"GET / HT", post("/v1/images", PLENTY + b"\r\n\xff"))), 200):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(start)
        with Client(hasty.url) as client:
            assert len(client.analyze(jpeg).faces) == 1


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(1000)) + b"\r\n", b"400"),
        (post("/v1/tickets", b"Content-Length: 70000\r\n\r\n" + b" " * 70_000), b"413"),
        (post("/v1/images", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), b"400"),
    ],
    ids=["a long line", "a long header", "a thousand headers", "a long JSON", "two lengths"],
)
def test_what_is_too_long_is_refused(hasty: Platform, request_head: bytes, status: bytes) -> None:
    said, _ = dripped(hasty, request_head, iter(lambda: b"", None))
    assert said.split(b" ")[1] == status
