"""What jobs wait for in a gateway, and who does not wait with them."""

import asyncio
import threading
from collections.abc import Iterator
from unittest import mock

import pytest

from gateway import jobs as gateway_jobs
from gateway.jobs import QUESTIONS, Jobs
from gateway.problems import Problematic
from gateway.settings import GatewaySettings
from jobs.webhook import BadWebhook


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


async def test_a_host_that_nobody_finds_in_time_is_let_pass_for_whoever_delivers(
    jobs: Jobs, hangs: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_jobs, "LOOKUP_TIMEOUT_S", 0.01)
    monkeypatch.setattr(gateway_jobs, "check_url", lambda *_, **__: hangs.wait())
    await jobs._check_webhook("https://host.example/")


async def test_a_webhook_that_may_not_be_called_is_refused(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_jobs, "check_url", mock.Mock(side_effect=BadWebhook("not there")))
    with pytest.raises(Problematic) as refused:
        await jobs._check_webhook("https://host.example/")
    assert (refused.value.status, "not there" in refused.value.detail) == (422, True)
    await jobs._check_webhook("")
