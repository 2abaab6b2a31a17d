"""Pixels on their way through Redis: each under a key of its own, gone when taken or half a second past the deadline.

What waits in lists names these keys and holds no pixels, so nothing that shows a face outlives its time to live.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

import redis

if TYPE_CHECKING:
    from runtime.doorbell import Pipeline

OUTLIVES_DEADLINE_MS: Final = 500


def lay_down(pipeline: "Pipeline", key: str, pixels: bytes, deadline: float) -> None:
    """Adds the SET to a pipeline; `deadline` is in Unix seconds."""
    left_ms = max(1, int((deadline - time.time()) * 1000))
    pipeline.set(key, pixels, px=left_ms + OUTLIVES_DEADLINE_MS)


def send(pipeline: "Pipeline") -> None:
    """Executes it. Raises redis.RedisError, without the beginning of the command that redis-py quotes in it."""
    try:
        pipeline.execute()
    except redis.ResponseError as problem:
        raise redis.ResponseError(str(problem).rpartition("caused error: ")[2]) from None


def take(client: "redis.Redis", keys: Sequence[str]) -> list[bytes | None]:
    """What lies under each key, which is empty afterwards; None where nothing lies any more."""
    if not keys:
        return []
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.getdel(key)
        return cast(list[bytes | None], pipeline.execute())
