"""Waiting for something to become true, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable

TIMEOUT_S = 20.0
POLL_S = 0.02


def wait_until(predicate: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Returns when `predicate()` is true. Raises AssertionError after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < end, f"waited {timeout_s:g} s in vain"
        time.sleep(POLL_S)


async def wait_until_async(predicate: Callable[[], Awaitable[object]], timeout_s: float = TIMEOUT_S) -> None:
    """The same for a predicate that must be awaited."""
    async with asyncio.timeout(timeout_s):
        while not await predicate():
            await asyncio.sleep(POLL_S)
