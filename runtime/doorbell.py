"""Work that waits in a Redis list until a worker hears the doorbell.

The doorbell is a Celery task that carries nothing. Whoever hears it takes as much of the list as it can use at once,
so that frames which came while it was busy share one task, one round trip and warm caches. It is rung only when no
ring of this sender is waiting to be heard: whoever hears that one takes the newcomer, too.
"""

import contextlib
from collections.abc import Sequence
from typing import Final, TypeAlias, TypeVar, cast

import celery
import msgspec
import redis
import redis.asyncio
import structlog

from runtime.publishing import TaskEncoder

log = structlog.get_logger("thespis.worker")

EntryT = TypeVar("EntryT")

Pipeline: TypeAlias = "redis.client.Pipeline | redis.asyncio.client.Pipeline"

MOST_WAITING: Final = 256
"""Entries and tasks kept when nobody takes them, the newest: they are long past their deadline by then."""

STRANDED_AFTER_S: Final = 30
"""Entries whose ring was lost go with the next ring, or after this time when there is none."""

_RING: Final = f"""
if not redis.call('LPOS', KEYS[1], ARGV[1]) then
  redis.call('LTRIM', KEYS[1], 0, {MOST_WAITING} - 2)
  redis.call('LPUSH', KEYS[1], ARGV[1])
end
"""
"""Trimmed first, which takes no memory: a script that has begun to write may go on where Redis is full."""

_LAY_DOWN: Final = f"""
for entry = 2, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[entry]) end
redis.call('LTRIM', KEYS[2], -{MOST_WAITING}, -1)
redis.call('EXPIRE', KEYS[2], {STRANDED_AFTER_S})
"""


def readable(entries: Sequence[bytes], decoder: "msgspec.msgpack.Decoder[EntryT]") -> list[EntryT]:
    """What the entries say; one that says nothing to us costs its neighbours nothing."""
    found = []
    for entry in entries:
        try:
            found.append(decoder.decode(entry))
        except (ValueError, RecursionError):  # no MessagePack, no text in a text's place, too deep
            log.warning("entry_unreadable")
    return found


class Ring(msgspec.Struct, frozen=True):
    """The doorbell's task has no arguments."""


class Bell:
    """One process's hand on a bell. `task` is also the name of its queue."""

    def __init__(self, app: celery.Celery, task: str) -> None:
        self._task = task
        self._ring = TaskEncoder(app).encode(task, task, Ring())

    def ring(self, pipeline: Pipeline) -> None:
        """Adds the ring to a pipeline.

        A script, because between "is somebody rung already?" and the ring the worker may have come and gone; sent
        whole, because a Redis that was restarted knows no script.
        """
        pipeline.eval(_RING, 1, self._task, self._ring)


class Doorbell(Bell):
    """One process's hand on a bell and on the list before its door: it lays down entries, or takes them."""

    def __init__(self, app: celery.Celery, task: str, waiting: str) -> None:
        super().__init__(app, task)
        self._waiting = waiting

    def lay_down(self, pipeline: Pipeline, entries: Sequence[bytes]) -> None:
        """Adds the entries and the ring for them to a pipeline, in one script: no ring goes without its entries."""
        pipeline.eval(_LAY_DOWN + _RING, 2, self._task, self._waiting, self._ring, *entries)

    def take(self, client: "redis.Redis", most: int) -> list[bytes]:
        """Up to `most` entries, the oldest first; none when an earlier ring was heard for them."""
        entries = cast(list[bytes] | None, client.lpop(self._waiting, most)) or []
        if len(entries) == most:  # there may be more, for whoever is free
            self._ring_now(client)
        return entries

    def pass_on(self, client: "redis.Redis") -> None:
        """When a worker ends: a ring that it had heard may end with it, and something wait for it."""
        with contextlib.suppress(redis.RedisError):  # away: what waited there is lost or told at its deadline
            if client.llen(self._waiting):
                self._ring_now(client)

    def _ring_now(self, client: "redis.Redis") -> None:
        with client.pipeline(transaction=False) as pipeline:
            self.ring(pipeline)
            pipeline.execute()
