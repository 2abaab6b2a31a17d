"""A picture holds its place until it is answered, so that one key's pictures wait behind themselves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import cv2
import numpy as np
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from access.keys import Caller, Quotas
from contracts.work import FrameAnswered
from gateway.admission import Admission, SharedAdmission
from gateway.door import ADDRESS, CALLER
from gateway.pictures import analyze_picture
from gateway.problems import problems_middleware
from gateway.settings import GatewaySettings

PICTURE = cv2.imencode(".jpg", np.zeros((48, 48), np.uint8))[1].tobytes()
ANSWER = FrameAnswered("t", 48, 48, 1.0, 1.0, 1.0, [], [], [])
Gateway = TestClient[web.Request, web.Application]


class HeldDispatcher:
    """Answers when it is let; `arrived` tells each picture by the most faces that were asked for."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[int] = asyncio.Queue()
        self.let_go = asyncio.Event()

    async def detect(self, picture: bytes, *, max_faces: int, **_: Any) -> FrameAnswered:
        self.arrived.put_nowait(max_faces)
        await self.let_go.wait()
        return ANSWER


@pytest_asyncio.fixture
async def dispatcher() -> HeldDispatcher:
    return HeldDispatcher()


@pytest_asyncio.fixture
async def places() -> SharedAdmission:
    """Two, of which each key has one."""
    return SharedAdmission(2, 1)


@pytest_asyncio.fixture
async def gateway(dispatcher: HeldDispatcher, places: SharedAdmission) -> AsyncIterator[Gateway]:
    """The header `Key` says whose a request is, the header `Deadline` how long one waits."""

    async def post(request: web.Request) -> web.Response:
        request[CALLER] = Caller(request.headers["Key"], frozenset({"images"}), Quotas())
        request[ADDRESS] = "203.0.113.7"
        turns: Any = Admission(4)
        at: Any = dispatcher
        settings = GatewaySettings(picture_deadline_ms=int(request.headers.get("Deadline", "10000")))
        return await analyze_picture(request, at, places, turns, settings, ["default"])

    app = web.Application(middlewares=[problems_middleware])
    app.router.add_post("/v1/images", post)
    async with TestClient(TestServer(app)) as client:
        yield client


async def send(gateway: Gateway, key: str, max_faces: int = 1, **headers: str) -> tuple[int, str | None]:
    async with gateway.post(
        f"/v1/images?max_faces={max_faces}", data=PICTURE, headers={"Key": key, **headers}
    ) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def test_a_keys_second_picture_waits_behind_its_first_and_holds_up_no_other(
    gateway: Gateway, dispatcher: HeldDispatcher
) -> None:
    first = asyncio.create_task(send(gateway, "anna", 1))
    assert await dispatcher.arrived.get() == 1
    second = asyncio.create_task(send(gateway, "anna", 2))
    neighbour = asyncio.create_task(send(gateway, "bert", 3))
    assert await dispatcher.arrived.get() == 3
    dispatcher.let_go.set()
    assert (await first, await neighbour) == ((200, None), (200, None))
    assert await second == (200, None)


async def test_who_finds_no_place_in_time_is_told_to_come_again(gateway: Gateway, places: SharedAdmission) -> None:
    async with places.place("anna", 1):
        assert await send(gateway, "anna", Deadline="50") == (503, "1")
