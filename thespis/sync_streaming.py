"""A live session as Python without asyncio; see thespis/streaming.py.

with Client("http://127.0.0.1:8080") as client, client.stream() as stream:
    stream.send(jpeg)
    answer = stream.receive()
"""

import contextlib
from collections.abc import Iterator

import msgspec
import websockets
from websockets.sync.client import ClientConnection, connect

from contracts.protocol import ServerMessage, SessionClosed, SessionCreated, SessionUpdate
from thespis.calls import bearer
from thespis.streaming import (
    GREETED_WITHIN_S,
    HANDSHAKE,
    SILENT,
    ended_in_order,
    known,
    opening,
    packed,
    session_from,
    stream_address,
)


class SyncStream:
    """One open session; see thespis.Stream. One thread may send while another receives."""

    def __init__(self, connection: ClientConnection, created: SessionCreated) -> None:
        self._connection = connection
        self._frame_id = 0
        self._told_to_end = False
        self.created = created

    def send(self, jpeg: bytes) -> int:
        """Sends one frame and returns its id; its answer (Result, Dropped or Error) bears the same."""
        self._frame_id += 1
        self._connection.send(packed(self._frame_id, jpeg))
        return self._frame_id

    def update(self, wish: SessionUpdate) -> None:
        """Changes preferences; `session.updated` confirms them."""
        self._connection.send(msgspec.json.encode(wish).decode())

    def receive(self, timeout_s: float | None = None) -> ServerMessage:
        """The next message of a type that we know. Raises websockets.ConnectionClosed after the last one, TimeoutError
        when none at all comes in time.
        """
        while (message := known(self._connection.recv(timeout_s))) is None:
            pass
        self._told_to_end = isinstance(message, SessionClosed)
        return message

    def __iter__(self) -> Iterator[ServerMessage]:
        while True:
            try:
                message = self.receive()
            except websockets.ConnectionClosed as problem:
                if ended_in_order(problem, told=self._told_to_end):
                    return
                raise
            yield message

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def open_sync_stream(server: str, key: str | None = None, ticket: str | None = None) -> Iterator[SyncStream]:
    """Opens a session as thespis.open_stream does, and raises what it raises."""
    with opening(server):
        connection = connect(stream_address(server, ticket), additional_headers=bearer(key), **HANDSHAKE)
    with connection:
        with opening(server):
            try:
                first = connection.recv(GREETED_WITHIN_S)
            except TimeoutError:
                raise TimeoutError(SILENT) from None
        yield SyncStream(connection, session_from(first))
