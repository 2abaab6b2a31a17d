"""What a session has to say, in order, without waiting for the reader and without growing for a slow one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from contracts.protocol import ServerMessage

MOST_UNSENT_BYTES: Final = 2 * 1024 * 1024
"""Of one session. A result of many faces with every member's vote has some tens of kilobytes."""


class Outbox:
    """At most `capacity` messages and 2 MiB wait; more marks the reader as too slow (`overflowed`)."""

    def __init__(self, send: Callable[[str], Awaitable[None]], capacity: int) -> None:
        self._send = send
        self._messages: asyncio.Queue[str] = asyncio.Queue(capacity)
        self._unsent_bytes = 0
        self.overflowed = asyncio.Event()

    def put(self, message: ServerMessage) -> None:
        text = msgspec.json.encode(message).decode()
        if self._messages.full() or self._unsent_bytes > MOST_UNSENT_BYTES:
            self.overflowed.set()
            return
        self._unsent_bytes += len(text)
        self._messages.put_nowait(text)

    async def run(self) -> None:
        """Sends until cancelled. The connection's own errors pass through."""
        while True:
            message = await self._messages.get()
            try:
                await self._send(message)
            finally:
                self._unsent_bytes -= len(message)
                self._messages.task_done()

    async def flushed(self) -> None:
        """Returns when everything put so far has been handed to the connection."""
        await self._messages.join()
