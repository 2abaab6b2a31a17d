"""How much live work waits in Redis, for Prometheus; looked up when it is asked for."""

import contextlib
import time
from collections.abc import Iterator
from typing import Final, cast

import msgspec
import redis
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from contracts.names import (
    CLASSIFY_FACES,
    DETECT_FACES,
    DETECT_IN_PICTURE,
    EXPLAIN_FACES,
    WAITING_EXPLANATIONS,
    WAITING_FACES,
    WAITING_FRAMES,
    WAITING_PICTURES,
)
from contracts.work import Trail
from runtime.metrics import queue_length, queue_oldest

QUEUES: Final = {
    DETECT_FACES: WAITING_FRAMES,
    DETECT_IN_PICTURE: WAITING_PICTURES,
    CLASSIFY_FACES: WAITING_FACES,
    EXPLAIN_FACES: WAITING_EXPLANATIONS,
}
"""The task that takes from it -> the list."""

TIMEOUT_S: Final = 1.0


class _Waiting(msgspec.Struct, frozen=True):
    """What DetectFaces and ClassifyFaces have in common."""

    trail: Trail


class WaitingWork(Collector):
    """Asked from the thread that serves /metrics, so it has a connection of its own."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)

    def describe(self) -> list[Metric]:
        return [queue_length(), queue_oldest()]

    def collect(self) -> Iterator[Metric]:
        length, oldest = queue_length(), queue_oldest()
        with contextlib.suppress(redis.RedisError):  # what is not known is left out
            for queue, key in QUEUES.items():
                length.add_metric([queue], self._redis.llen(key))
                oldest.add_metric([queue], self._age_of_next(key))
        yield length
        yield oldest

    def _age_of_next(self, key: str) -> float:
        """In seconds; none of an entry that can't be read, which the worker will throw away."""
        entry = cast(bytes | None, self._redis.lindex(key, 0))
        if entry is not None:
            with contextlib.suppress(msgspec.DecodeError):
                return max(0.0, time.time() - msgspec.msgpack.decode(entry, type=_Waiting).trail.sent_s)
        return 0.0
