"""Whatever stands in a request's head, the gateway answers it or hangs up, and lives on."""

import contextlib
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platform_process import Platform
from thespis import Client

KNOWN = [
    "Host", "Authorization", "Origin", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol", "Content-Type", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Accept",
    "Range", "If-Range", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Idempotency-Key", "Expect",
    "X-Forwarded-For", "X-Forwarded-Proto", "Cookie",
]  # fmt: skip
LIKELY = [
    "127.0.0.1", "websocket", "Upgrade", "13", "thespis.v1", "AAAAAAAAAAAAAAAAAAAAAA==", "bytes=0-", "bytes=-5",
    "bytes=9-1", "99999999999999999999-1", "Bearer x", "Bearer thespis_0123456789ab_", "null", "http://[::1", "[::1",
    "multipart/form-data", "multipart/form-data; boundary=\"", "image/jpeg", "application/json; charset=utf-7",
    "100-continue", "gzip", "chunked", "0", "5", "-1", "1e9", "text/csv, */*;q=0", "evil.example:99999",
    "Wed, 21 Oct 2099 07:28:00 GMT",
]  # fmt: skip
PATHS = [
    "/",
    "/web/app.js",
    "/web/../gateway/app.py",
    "/v1/stream",
    "/v1/images",
    "/v1/jobs",
    "/v1/tickets",
    "/v1/models",
]

texts = st.binary(max_size=40) | st.sampled_from(LIKELY).map(str.encode)
headers = st.tuples(st.sampled_from(KNOWN).map(str.encode) | st.binary(max_size=20), texts)
targets = st.sampled_from(PATHS).map(str.encode) | st.binary(max_size=40).map(lambda tail: b"/" + tail)
methods = st.sampled_from([b"GET", b"POST", b"HEAD", b"DELETE", b"OPTIONS", b"PUT"]) | st.binary(min_size=1, max_size=8)


def answer_to(platform: Platform, request: bytes) -> bytes:
    """What is said to a client that sends this and no more."""
    host, port = platform.url.removeprefix("http://").split(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while b"\r\n" not in said and (received := connection.recv(65536)):
            said += received
    return said


@given(methods, targets, st.lists(headers, max_size=8), st.binary(max_size=60), st.booleans())
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_head_is_a_fault_of_the_gateway(
    platform: Platform, method: bytes, target: bytes, named: list[tuple[bytes, bytes]], body: bytes, with_host: bool
) -> None:
    lines = [b"%s %s HTTP/1.1" % (method, target), *([b"Host: 127.0.0.1"] if with_host else [])]
    lines += [b"%s: %s" % header for header in named]
    said = answer_to(platform, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    assert not said or said.split(b" ")[1][:1] in (b"1", b"2", b"3", b"4"), said[:200]


def test_after_all_that_it_answers_as_before(platform: Platform, jpeg: bytes) -> None:
    with Client(platform.url) as client:
        assert len(client.analyze(jpeg).faces) == 1
    assert "request_failed" not in platform.log.read_text()
