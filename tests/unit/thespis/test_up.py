"""How a platform that failed ends."""

import asyncio

import pytest

from thespis.up import NotReady, uninterrupted


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
