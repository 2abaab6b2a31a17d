"""What jobs wait for in a gateway, and who does not wait with them."""

import asyncio
import threading
from collections.abc import Iterator
from unittest import mock

import pytest

from gateway.jobs import QUESTIONS, Jobs
from gateway.settings import GatewaySettings


@pytest.fixture
def jobs() -> Jobs:
    return Jobs(mock.Mock(), mock.Mock(), mock.Mock(), GatewaySettings(), [], [])


@pytest.fixture
def hangs() -> Iterator[threading.Event]:
    """Whoever waits for it waits until the test is over."""
    event = threading.Event()
    yield event
    event.set()


async def test_questions_to_a_redis_that_hangs_take_no_thread_from_pictures(jobs: Jobs, hangs: threading.Event) -> None:
    asked = [asyncio.create_task(jobs.ask(hangs.wait)) for _ in range(4 * QUESTIONS)]
    async with asyncio.timeout(10):
        await asyncio.gather(*(asyncio.to_thread(int) for _ in range(4 * QUESTIONS)))
    assert not any(task.done() for task in asked)
    hangs.set()
    await asyncio.gather(*asked)
