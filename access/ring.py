"""The keys that a gateway met lately, so that not every request asks Redis; a revoked one is forgotten in seconds."""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import redis

from access.keys import Caller, Key, read_key
from access.store import KeyStore

REMEMBERED_S: Final = 2.0
LONGEST_S: Final = 60.0
"""How long a key is still good while the jobs Redis is away: open sessions need that Redis for nothing else."""

MOST_KEYS: Final = 10_000

ANSWERED_WITHIN_S: Final = 2.0
"""Strangers with keys that nobody knows may wait in front of us."""

LOOK_UPS: Final = 4
"""Threads for asking Redis: one that hangs holds up nothing else in this process."""


@dataclass(slots=True)
class Met:
    """A key as Redis last had it; times are of the monotonic clock."""

    key: Key
    seen_at: float
    asked_at: float


class KeyRing:
    """Raises redis.RedisError when a key must be looked up and can't be."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._met: dict[str, Met] = {}
        self._asking: dict[str, asyncio.Future[Key | None]] = {}
        self._threads = ThreadPoolExecutor(LOOK_UPS, "keys")
        self._noted: dict[str, float] = {}
        self._to_note: set[str] = set()
        self._noting: asyncio.Task[None] | None = None

    async def caller(self, text: str) -> Caller | None:
        """Who shows this key; None when it is none of ours."""
        parts = read_key(text)
        key = None if parts is None else await self.find(parts[0])
        if parts is None or key is None or not key.is_proven_by(parts[1]):
            return None
        self._note_use(key.id)
        return key.caller

    async def find(self, key_id: str) -> Key | None:
        """None when the key was revoked."""
        met, now = self._met.get(key_id), time.monotonic()
        if met is not None and now - met.asked_at < REMEMBERED_S:
            return met.key
        try:
            found = await self._ask(key_id)
        except redis.RedisError:
            if met is None or now - met.seen_at >= LONGEST_S:
                raise
            met.asked_at = time.monotonic()
            return met.key
        self._met.pop(key_id, None)
        if found is not None:
            if len(self._met) >= MOST_KEYS:
                self._met.clear()
            now = time.monotonic()
            self._met[key_id] = Met(found, now, now)
        return found

    async def _ask(self, key_id: str) -> Key | None:
        """One question a key, however many requests wait for the answer."""
        asking = self._asking.get(key_id)
        if asking is None:
            asking = asyncio.get_running_loop().run_in_executor(self._threads, self._store.find, key_id)
            self._asking[key_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key_id))
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await asyncio.shield(asking)
        except TimeoutError as problem:
            raise redis.TimeoutError("others' questions are waiting for Redis") from problem

    def _note_use(self, key_id: str) -> None:
        """Of a key that was proven: whoever only knows its id does not use it. The request does not wait for it."""
        now = time.monotonic()
        if now - self._noted.get(key_id, -REMEMBERED_S) < REMEMBERED_S:
            return
        if len(self._noted) >= MOST_KEYS:
            self._noted.clear()
        self._noted[key_id] = now
        self._to_note.add(key_id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_uses())

    async def _note_uses(self) -> None:
        loop = asyncio.get_running_loop()
        while self._to_note:
            with contextlib.suppress(redis.RedisError):  # the key is good while Redis is away, too
                await loop.run_in_executor(self._threads, self._store.was_used, self._to_note.pop())
