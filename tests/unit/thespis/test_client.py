"""What a client makes of answers that pass by themselves."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import pytest

from contracts.jobs import JobList
from tests.unit.thespis.job_views import job_view
from thespis import AsyncClient, Client, ThespisError
from thespis.errors import Unreachable

Answer = httpx.Response | httpx.TransportError


def page(job_id: str, cursor: str | None) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(JobList([job_view(id=job_id)], cursor)))


def busy() -> httpx.Response:
    headers = {"Retry-After": "0", "Content-Type": "application/problem+json"}
    problem = {
        "type": "urn:thespis:problem:too_many_requests",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "",
    }
    return httpx.Response(429, json=problem, headers=headers)


def saying(*answers: Answer) -> httpx.MockTransport:
    """A server that gives these answers, one after the other."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        told = left.pop(0)
        if isinstance(told, httpx.Response):
            return httpx.Response(told.status_code, headers=told.headers, content=told.content)
        raise told

    return httpx.MockTransport(answer)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The ids of all jobs that both clients get of a server that answers so; nobody waits in between."""

    async def at_once(_: float) -> None:
        pass

    monkeypatch.setattr("thespis.client.time.sleep", lambda seconds: None)
    monkeypatch.setattr("thespis.client.asyncio.sleep", at_once)
    plain, for_asyncio = httpx.Client, httpx.AsyncClient

    def ask(*answers: Answer) -> list[str]:
        monkeypatch.setattr("thespis.client.httpx.Client", lambda **its: plain(transport=saying(*answers), **its))
        monkeypatch.setattr(
            "thespis.client.httpx.AsyncClient", lambda **its: for_asyncio(transport=saying(*answers), **its)
        )

        async def asynchronously() -> list[str]:
            async with AsyncClient() as client:
                return [job.id async for job in client.jobs()]

        with Client() as client:
            found = [job.id for job in client.jobs()]
        assert asyncio.run(asynchronously()) == found
        return found

    return ask


def test_pages_go_on_where_the_server_was_busy_or_away(asked: Callable[..., list[str]]) -> None:
    lost = httpx.ConnectError("refused")
    assert asked(page("one", "2"), busy(), busy(), page("two", "3"), lost, page("three", None)) == [
        "one",
        "two",
        "three",
    ]


def test_whoever_waits_waits_no_longer_than_was_wished_for_a_server_that_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = httpx.Client
    answers = [busy()] * 3
    monkeypatch.setattr("thespis.client.httpx.Client", lambda **its: plain(transport=saying(*answers), **its))
    with Client() as client, pytest.raises(TimeoutError, match="did not end within 0 s"):
        client.wait("anyone", timeout_s=0.0)


def test_a_server_that_is_not_there_is_told_at_once(asked: Callable[..., list[str]]) -> None:
    with pytest.raises(Unreachable):
        asked(httpx.ConnectError("refused"))


def test_what_does_not_pass_ends_the_pages(asked: Callable[..., list[str]]) -> None:
    with pytest.raises(ThespisError, match="Forbidden"):
        asked(page("one", "2"), httpx.Response(403))
