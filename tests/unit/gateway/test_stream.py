"""The end of a connection whose client does not read."""

import asyncio
import socket

import pytest
import uvloop

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
