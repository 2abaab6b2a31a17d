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


def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        pass

    monkeypatch.setattr("thespis.client.time.sleep", lambda seconds: None)
    monkeypatch.setattr("thespis.client.asyncio.sleep", at_once)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The ids of all jobs that both clients get of a server that answers so; nobody waits in between."""
    nobody_waits(monkeypatch)
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


async def test_a_submission_whose_answer_was_lost_is_repeated_under_its_key_so_that_there_is_one_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys: list[str] = []
    lost = [httpx.ReadError("the gateway went"), httpx.ConnectError("it is not back yet")]

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        assert b"all of the film" in request.read()
        if len(keys) % 3:
            raise lost[len(keys) % 3 - 1]
        return httpx.Response(202, content=msgspec.json.encode(job_view()))

    async def answer_later(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return answer(request)

    nobody_waits(monkeypatch)
    plain, for_asyncio = httpx.Client, httpx.AsyncClient
    monkeypatch.setattr(
        "thespis.client.httpx.Client", lambda **its: plain(transport=httpx.MockTransport(answer), **its)
    )
    monkeypatch.setattr(
        "thespis.client.httpx.AsyncClient",
        lambda **its: for_asyncio(transport=httpx.MockTransport(answer_later), **its),
    )
    with Client() as client:
        assert client.submit(b"all of the film") == job_view()
    async with AsyncClient() as asynchronous:
        assert await asynchronous.submit(b"all of the film") == job_view()
    assert keys[0] == keys[1] == keys[2] != keys[3] == keys[4] == keys[5]


def test_a_submission_to_a_server_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = httpx.Client
    away = saying(httpx.ConnectError("nobody listens"))
    monkeypatch.setattr("thespis.client.httpx.Client", lambda **its: plain(transport=away, **its))
    with Client() as client, pytest.raises(Unreachable, match="nobody listens"):
        client.submit(b"all of the film")


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
