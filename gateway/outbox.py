"""What a session has to say, in order, without waiting for the reader and without growing for a slow one."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from contracts.protocol import ServerMessage


class Outbox:
    """At most `capacity` messages wait; one more marks the reader as too slow (`overflowed`)."""

    def __init__(self, send: Callable[[str], Awaitable[None]], capacity: int) -> None:
        self._send = send
        self._messages: asyncio.Queue[str] = asyncio.Queue(capacity)
        self.overflowed = asyncio.Event()

    def put(self, message: ServerMessage) -> None:
        try:
            self._messages.put_nowait(msgspec.json.encode(message).decode())
        except asyncio.QueueFull:
            self.overflowed.set()

    async def run(self) -> None:
        """Sends until cancelled. The connection's own errors pass through."""
        while True:
            message = await self._messages.get()
            try:
                await self._send(message)
            finally:
                self._messages.task_done()

    async def flushed(self) -> None:
        """Returns when everything put so far has been handed to the connection."""
        await self._messages.join()
