"""The gateway's way to the workers, over a real Redis, where no worker is."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis
import redis.asyncio

from contracts.names import WAITING_FRAMES, crops_key, picture_key
from gateway.dispatcher import Dispatcher
from runtime.celery_app import make_celery
from tests.waiting import wait_until_async


@pytest_asyncio.fixture
async def dispatcher(redis_url: str) -> AsyncIterator[Dispatcher]:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        yield Dispatcher(client, make_celery(redis_url))


def ask(dispatcher: Dispatcher, picture: bytes) -> "asyncio.Task[object]":
    return asyncio.create_task(
        dispatcher.detect(
            picture, deadline=time.time() + 60, max_faces=1, min_face_size=24, vote_profile="default", votes=False
        )
    )


async def test_the_pixels_of_who_hangs_up_are_gone_at_once(client: "redis.Redis", dispatcher: Dispatcher) -> None:
    """Their place is free for the next, who would wait behind work that nobody hears of."""

    async def waiting(most: int) -> bool:
        return client.llen(WAITING_FRAMES) == 1 and len(client.keys(picture_key("*"))) == most

    asking = ask(dispatcher, b"a face")
    await wait_until_async(lambda: waiting(1))
    (key,) = client.keys(picture_key("*"))
    crops = crops_key(key.decode().removeprefix(picture_key("")))
    client.set(crops, b"as if the detector had laid them down")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await wait_until_async(lambda: waiting(0))
    assert not client.exists(crops)
