"""What a client gets when a handler fails."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.problems import Problematic, note_begun, problems_middleware


def client_of(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> "TestClient[web.Request, web.Application]":
    app = web.Application(middlewares=[problems_middleware])
    app.on_response_prepare.append(note_begun)
    app.router.add_get("/", handler)
    return TestClient(TestServer(app))


async def test_a_failure_before_the_answer_is_problem_details() -> None:
    async def fail(_: web.Request) -> web.StreamResponse:
        raise Problematic(507, "disk_full", "the disk is full")

    async with client_of(fail) as client, client.get("/") as answer:
        assert (answer.status, answer.content_type) == (507, "application/problem+json")


@pytest.mark.parametrize("problem", [RuntimeError(), Problematic(404, "unknown_job", "it was deleted just now")])
async def test_a_failure_within_an_answer_breaks_it_off(problem: Exception) -> None:
    """Problem details would be read as the video's next bytes."""

    async def fail(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"video")
        raise problem

    async with client_of(fail) as client, client.get("/") as answer:
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        assert b"HTTP" not in b"".join(answer.content._buffer)


async def test_what_is_no_text_can_be_quoted() -> None:
    """aiohttp gives a header's bytes that are no UTF-8 as surrogates."""

    async def fail(_: web.Request) -> web.StreamResponse:
        raise Problematic(421, "unknown_host", b"not known as \xff".decode("utf-8", "surrogateescape"))

    async with client_of(fail) as client, client.get("/") as answer:
        assert answer.status == 421
        assert (await answer.json(content_type=None))["detail"] == "not known as \\udcff"
