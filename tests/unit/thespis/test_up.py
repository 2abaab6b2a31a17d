"""How a platform that failed ends."""

import asyncio
import signal
from unittest import mock

import pytest

from contracts.protocol import Error
from thespis.streaming import Stream
from thespis.up import NotReady, _answered_by_all, hangup, uninterrupted


async def test_a_signal_while_one_that_failed_is_stopped_neither_cuts_that_short_nor_hides_the_reason() -> None:
    steps: list[str] = []
    step = asyncio.Event()

    async def stop() -> None:
        for name in ("gateway", "workers", "redis"):
            await step.wait()
            step.clear()
            steps.append(name)

    async def platform() -> None:
        try:
            raise NotReady("no frame came back")
        finally:
            await uninterrupted(stop())

    running = asyncio.create_task(platform())
    for _ in range(3):
        await asyncio.sleep(0)
        running.cancel()
        step.set()
    with pytest.raises(NotReady):
        await running
    assert steps == ["gateway", "workers", "redis"]


async def test_a_platform_that_is_stopped_by_a_signal_is_ended_by_it() -> None:
    async def platform() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await uninterrupted(asyncio.sleep(0))

    running = asyncio.create_task(platform())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_start_that_its_own_limits_keep_from_being_tried_says_so_at_once() -> None:
    stream = mock.create_autospec(Stream, instance=True)
    stream.__aiter__.return_value = [Error(1, "too_many_pixels", "640×480 is more than 76800 pixels", fatal=False)]
    with pytest.raises(NotReady, match="640×480 is more than 76800 pixels"):
        await _answered_by_all(stream, b"", 7)


@pytest.mark.parametrize(("handled", "heard"), [(signal.SIG_DFL, [signal.SIGHUP]), (signal.SIG_IGN, [])])
def test_the_terminal_that_goes_ends_it_unless_nohup_had_that_ignored(
    handled: signal.Handlers, heard: list[signal.Signals]
) -> None:
    before = signal.signal(signal.SIGHUP, handled)
    try:
        assert hangup() == heard
    finally:
        signal.signal(signal.SIGHUP, before)
