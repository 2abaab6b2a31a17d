"""A live session as Python.

async with open_stream("http://127.0.0.1:8080") as stream:
    await stream.send(jpeg)
    answer = await stream.receive()
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, get_args

import httpx
import msgspec
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from contracts.frames import Frame, pack_frame
from contracts.protocol import SUBPROTOCOL, ServerMessage, SessionClosed, SessionCreated, SessionUpdate
from thespis.calls import bearer, check, mistrusted
from thespis.errors import Unreachable

HANDSHAKE: Final[Mapping[str, Any]] = {
    "subprotocols": [Subprotocol(SUBPROTOCOL)], "compression": None, "proxy": None, "max_size": None,
}  # fmt: skip
"""How a session is asked for: JPEG does not shrink, and what the server sends is its to bound."""

GREETED_WITHIN_S: Final = 10.0
"""A session's first message comes at once."""

SILENT: Final = "it takes a connection and says nothing"

MESSAGE_DECODER: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
TYPES: Final = frozenset(kind.__struct_config__.tag for kind in get_args(ServerMessage))


class Stream:
    """One open session; `created` tells its limits and members.

    To go through its messages ends where the server closed it and said why (`session.closed`), and where we did. Raises
    websockets.ConnectionClosed where the connection was lost.
    """

    def __init__(self, connection: ClientConnection, created: SessionCreated) -> None:
        self._connection = connection
        self._frame_id = 0
        self._told_to_end = False
        self.created = created

    async def send(self, jpeg: bytes) -> int:
        """Sends one frame and returns its id; its answer (Result, Dropped or Error) bears the same."""
        self._frame_id += 1
        await self._connection.send(packed(self._frame_id, jpeg))
        return self._frame_id

    async def update(self, wish: SessionUpdate) -> None:
        """Changes preferences; `session.updated` confirms them."""
        await self._connection.send(msgspec.json.encode(wish).decode())

    async def receive(self) -> ServerMessage:
        """The next message of a type that we know. Raises websockets.ConnectionClosed after the last one."""
        while (message := known(await self._connection.recv())) is None:
            pass
        self._told_to_end = isinstance(message, SessionClosed)
        return message

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> ServerMessage:
        try:
            return await self.receive()
        except websockets.ConnectionClosed as problem:
            if ended_in_order(problem, told=self._told_to_end):
                raise StopAsyncIteration from None
            raise

    async def close(self) -> None:
        await self._connection.close()


@contextlib.asynccontextmanager
async def open_stream(server: str, key: str | None = None, ticket: str | None = None) -> AsyncIterator[Stream]:
    """Opens a session at a server's http(s) address. Raises Unreachable, ThespisError with the server's reason where it
    lets nobody in, and ConnectionError where it closes the session at once, being full, or is no Thespis.

    `key` is an API key, `ticket` what `POST /v1/tickets` gave for one; a server on this machine asks for neither.
    """
    with opening(server):
        connection = await connect(stream_address(server, ticket), additional_headers=bearer(key), **HANDSHAKE)
    async with connection:
        with opening(server):
            try:
                async with asyncio.timeout(GREETED_WITHIN_S):
                    first = await connection.recv()
            except TimeoutError:
                raise TimeoutError(SILENT) from None
        yield Stream(connection, session_from(first))


def packed(frame_id: int, jpeg: bytes) -> bytes:
    """A frame taken now, as it is sent."""
    return pack_frame(Frame(frame_id, time.time_ns() // 1000, jpeg))


def stream_address(server: str, ticket: str | None) -> str:
    """Where a server's live sessions are, from its http(s) address."""
    query = "" if ticket is None else f"?ticket={ticket}"
    return server.replace("http", "ws", 1).rstrip("/") + "/v1/stream" + query


@contextlib.contextmanager
def opening(server: str) -> Iterator[None]:
    """Raises Unreachable for what goes wrong within the block, before a session has begun, and ThespisError for what
    the server says instead of beginning one.
    """
    try:
        yield
    except websockets.InvalidStatus as problem:
        refused = problem.response
        body = bytes(refused.body or b"")
        check(httpx.Response(refused.status_code, headers=list(refused.headers.raw_items()), content=body))
        raise Unreachable(f"no Thespis session at {server}: {problem}") from problem
    except websockets.ConnectionClosed as problem:
        raise Unreachable(f"{server} closed the session before it began: {problem}") from problem
    except (OSError, websockets.WebSocketException) as problem:
        raise Unreachable(mistrusted(server, problem) or f"no Thespis session at {server}: {problem}") from problem


def ended_in_order(problem: websockets.ConnectionClosed, *, told: bool) -> bool:
    """Whether a connection was not lost: somebody closed it as one should, or the server told why it would."""
    return told or isinstance(problem, websockets.ConnectionClosedOK)


def known(message: str | bytes) -> ServerMessage | None:
    """None for a message of a type that came after this client was written. Raises msgspec.DecodeError."""
    try:
        return MESSAGE_DECODER.decode(message)
    except msgspec.ValidationError:
        if msgspec.json.decode(message, type=_Typed).type in TYPES:
            raise
        return None


class _Typed(msgspec.Struct, frozen=True):
    """What every message has."""

    type: str


def session_from(first: str | bytes) -> SessionCreated:
    """The session that a server's first message begins. Raises ConnectionError."""
    try:
        created = MESSAGE_DECODER.decode(first)
    except ValueError as problem:
        raise ConnectionError("what answers there is no Thespis, or one of another protocol") from problem
    if isinstance(created, SessionClosed):
        raise ConnectionError(f"the server refused the session: {created.reason}; try again later")
    if not isinstance(created, SessionCreated):
        raise ConnectionError(f"the server began with {type(created).__name__}, which begins no session")
    return created
