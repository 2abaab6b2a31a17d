"""What a connection takes at once, why it ends, and the end of one whose client does not read."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
import uvloop

from gateway import stream
from gateway.settings import GatewaySettings
from gateway.stream import cut_off


async def ended_with(unread: bytes) -> bool:
    """Whether the transport is gone at once after its close, with so much given to it that nobody reads."""
    ours, theirs = socket.socketpair()
    with theirs:
        ended = asyncio.Event()

        class Connection(asyncio.Protocol):
            def connection_lost(self, _: Exception | None) -> None:
                ended.set()

        transport, _ = await asyncio.get_running_loop().create_connection(Connection, sock=ours)
        transport.write(unread)
        transport.close()
        cut_off(transport)
        async with asyncio.timeout(10):
            await ended.wait()
        theirs.setblocking(False)
        received = b""
        while block := _received(theirs):
            received += block
        return len(received) < len(unread)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 20)
    except (BlockingIOError, ConnectionError):
        return b""


@pytest.mark.parametrize("runner", [asyncio.Runner(), asyncio.Runner(loop_factory=uvloop.new_event_loop)])
def test_what_nobody_reads_holds_no_connection_and_what_was_taken_arrives(runner: asyncio.Runner) -> None:
    with runner:
        assert runner.run(ended_with(bytes(20_000_000)))
        assert not runner.run(ended_with(b"goodbye"))


def test_a_connection_that_is_gone_already_is_nothing_to_end() -> None:
    cut_off(None)


class Flood:
    """A socket that always has a message, and the session that gets them."""

    def __init__(self) -> None:
        self.received = 0
        self.spoiled = asyncio.Event()

    async def receive(self) -> aiohttp.WSMessage:
        if self.received > 1000:
            await asyncio.Event().wait()
        return aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, "{}", None)

    def receive_text(self, _: str) -> None:
        self.received += 1


async def test_who_sends_without_end_lets_others_have_their_turn() -> None:
    flood: Any = Flood()
    receiving = asyncio.create_task(stream._receive(flood, flood, GatewaySettings()))
    for turn in range(100):
        await asyncio.sleep(0)
        assert flood.received <= turn + 1
    receiving.cancel()
    assert flood.received > 0


class Lasting:
    """A session and an outbox that go on; its place is looked up in vain."""

    def __init__(self) -> None:
        self.overflowed = self.spoiled = self.draining = asyncio.Event()

    async def kept(self) -> None:
        raise ValueError("a record of a later version")


async def test_a_fault_of_ours_is_not_called_a_revoked_key() -> None:
    lasting: Any = Lasting()
    going_on: Any = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    ending = await stream._ending(*going_on, lasting, lasting, lasting, lasting)
    assert ending == ("internal", stream.INTERNAL_ERROR)
    for task in going_on:
        task.cancel()
