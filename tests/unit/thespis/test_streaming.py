"""What a client makes of messages that it does not know, of refusals, and of connections that end."""

import asyncio
import contextlib
import http
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
import websockets
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.typing import Subprotocol

from contracts.labels import LABELS
from contracts.protocol import (
    SUBPROTOCOL,
    Dropped,
    Limits,
    Preferences,
    ServerDraining,
    ServerMessage,
    SessionClosed,
    SessionCreated,
    SessionTotals,
)
from thespis import Client, ThespisError, Unreachable
from thespis.streaming import known, open_stream, session_from

CREATED = SessionCreated("s", Limits(1, 1, 1.0, 1, 1, 1, 1, 1.0), [], ["default"], list(LABELS), "none", Preferences())
CLOSED = SessionClosed("slow_reader", SessionTotals(0, 0, {}, 0))
DRAINING = ServerDraining(1000)

Talk = Callable[[ServerConnection], Awaitable[None]]


def saying(*messages: ServerMessage, code: int | None) -> Talk:
    """Says these and closes with the code; with none the connection is cut."""

    async def talk(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(msgspec.json.encode(message).decode())
        if code is None:
            connection.transport.abort()
        else:
            await connection.close(code)

    return talk


@contextlib.asynccontextmanager
async def serving(talk: Talk, refuses: Response | None = None) -> AsyncIterator[str]:
    """The http address of a server on this machine that answers so."""

    def instead(connection: ServerConnection, request: Request) -> Response | None:
        return refuses

    known_here = [Subprotocol(SUBPROTOCOL)]
    async with serve(talk, "127.0.0.1", 0, subprotocols=known_here, process_request=instead) as server:
        host, port = next(iter(server.sockets)).getsockname()
        yield f"http://{host}:{port}"


async def heard_from(url: str) -> list[ServerMessage]:
    async with open_stream(url) as stream:
        return [message async for message in stream]


def test_a_type_that_came_after_this_client_is_passed_over() -> None:
    assert known('{"type":"server.notice","text":"hello"}') is None
    assert known('{"type":"server.draining","reconnect_after_ms":1,"new":true}') == ServerDraining(1)


def test_a_frame_that_is_dropped_for_a_new_reason_is_dropped_all_the_same() -> None:
    assert known('{"type":"dropped","frame_id":1,"capture_us":2,"reason":"tired"}') == Dropped(1, 2, "tired")


@pytest.mark.parametrize("message", ['{"type":"result"}', "{}", "[]", "x"])
def test_a_message_that_is_wrong_is_not_passed_over(message: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        known(message)


@pytest.mark.parametrize("message", ['{"hello":1}', "welcome", b"\xff"])
def test_what_is_no_thespis_begins_no_session(message: str | bytes) -> None:
    with pytest.raises(ConnectionError, match="no Thespis"):
        session_from(message)


async def test_a_session_that_is_closed_in_order_ends_the_loop() -> None:
    async with serving(saying(CREATED, DRAINING, code=1001)) as url:
        assert await heard_from(url) == [DRAINING]


async def test_a_session_whose_end_was_explained_ends_the_loop_whatever_the_code() -> None:
    async with serving(saying(CREATED, CLOSED, code=1008)) as url:
        assert await heard_from(url) == [CLOSED]


@pytest.mark.parametrize("code", [None, 1011])
async def test_a_connection_that_is_lost_does_not_look_like_an_end(code: int | None) -> None:
    async with serving(saying(CREATED, DRAINING, code=code)) as url:
        with pytest.raises(websockets.ConnectionClosed):
            await heard_from(url)


async def test_without_asyncio_an_end_and_a_loss_are_told_apart_alike() -> None:
    async with serving(saying(CREATED, CLOSED, code=1008)) as url:
        assert await asyncio.to_thread(heard_without_asyncio, url) == [CLOSED]
    async with serving(saying(CREATED, DRAINING, code=None)) as url:
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.to_thread(heard_without_asyncio, url)


def heard_without_asyncio(url: str) -> list[ServerMessage]:
    with Client(url) as client, client.stream() as stream:
        return list(stream)


async def test_a_refusal_at_the_door_tells_the_servers_reason_and_when_to_come_again() -> None:
    body = b'{"type":"urn:thespis:problem:unauthorized","title":"Unauthorized","status":401,"detail":"no such API key"}'
    headers = websockets.Headers({"Retry-After": "7", "Content-Length": str(len(body))})
    refusal = Response(http.HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, body)
    async with serving(saying(code=1000), refuses=refusal) as url:
        with pytest.raises(ThespisError, match="no such API key") as refused:
            await heard_from(url)
        assert (refused.value.problem.status, refused.value.retry_after_s) == (401, 7.0)
        with pytest.raises(ThespisError, match="no such API key"):
            await asyncio.to_thread(heard_without_asyncio, url)


async def test_a_full_server_is_told_by_its_reason() -> None:
    full = SessionClosed("too_many_sessions", SessionTotals(0, 0, {}, 0))
    async with serving(saying(full, code=1013)) as url:
        with pytest.raises(ConnectionError, match="refused the session: too_many_sessions; try again later"):
            await heard_from(url)


async def test_who_takes_a_connection_and_says_nothing_is_no_thespis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thespis.streaming.GREETED_WITHIN_S", 0.05)
    monkeypatch.setattr("thespis.sync_streaming.GREETED_WITHIN_S", 0.05)
    async with serving(lambda connection: connection.wait_closed()) as url:
        with pytest.raises(Unreachable, match="says nothing"):
            await heard_from(url)
        with pytest.raises(Unreachable, match="says nothing"):
            await asyncio.to_thread(heard_without_asyncio, url)
