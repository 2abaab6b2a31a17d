"""A raw session for tests: sends what a sound client never would and collects every answer."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from contracts.frames import Frame, pack_frame
from contracts.protocol import SUBPROTOCOL, Dropped, Error, Result, ServerMessage, SessionCreated


class LiveSession:
    """One WebSocket; `messages` holds all that came, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.messages: list[ServerMessage] = []
        self._frame_id = 0

    async def send(self, jpeg: bytes, frame_id: int | None = None) -> int:
        self._frame_id = self._frame_id + 1 if frame_id is None else frame_id
        await self.connection.send(pack_frame(Frame(self._frame_id, 1000 + self._frame_id, jpeg)))
        return self._frame_id

    async def next(self) -> ServerMessage:
        self.messages.append(msgspec.json.decode(await self.connection.recv(), type=ServerMessage))
        return self.messages[-1]

    async def answer_to(self, frame_id: int | None) -> Result | Dropped | Error:
        """The next answer that bears this frame's id."""
        while True:
            message = await self.next()
            if isinstance(message, Result | Dropped | Error) and message.frame_id == frame_id:
                return message

    async def ask(self, jpeg: bytes) -> Result | Dropped | Error:
        return await self.answer_to(await self.send(jpeg))

    async def read(self, jpeg: bytes) -> Result | Error:
        """Asks until the frame is read: on a busy machine one may rightly be answered as too late."""
        async with asyncio.timeout(30):
            while isinstance(answer := await self.ask(jpeg), Dropped):
                pass
        return answer

    async def result(self, jpeg: bytes) -> Result:
        answer = await self.read(jpeg)
        assert isinstance(answer, Result), answer
        return answer

    async def until_closed(self) -> tuple[int, str]:
        """Takes all messages up to the close; its code and reason."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.next()
        return self.connection.close_code or 1006, self.connection.close_reason or ""

    def answers(self) -> list[Result | Dropped | Error]:
        return [message for message in self.messages if isinstance(message, Result | Dropped | Error)]

    def ids(self) -> list[int]:
        return sorted(answer.frame_id for answer in self.answers() if answer.frame_id is not None)


@contextlib.asynccontextmanager
async def live_session(url: str, tls: ssl.SSLContext | None = None, key: str = "") -> AsyncIterator[LiveSession]:
    async with connect(
        url.replace("http", "ws", 1) + "/v1/stream",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        proxy=None,
        max_size=None,
        ssl=tls,
        additional_headers={"Authorization": f"Bearer {key}"} if key else None,
    ) as connection:
        session = LiveSession(connection)
        assert isinstance(await session.next(), SessionCreated)
        yield session


def with_claimed_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same JPEG with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]
