"""The keys that a gateway met lately, so that not every request asks Redis; a revoked one is forgotten in seconds."""

import asyncio
import contextlib
import time
from typing import Final

import redis

from access.keys import Caller, Key, read_key
from access.store import KeyStore

REMEMBERED_S: Final = 2.0
LONGEST_S: Final = 60.0
"""How long a key is still good while the jobs Redis is away: open sessions need that Redis for nothing else."""

MOST_KEYS: Final = 10_000


class KeyRing:
    """Raises redis.RedisError when a key must be looked up and can't be."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._met: dict[str, tuple[Key, float]] = {}
        self._noted: dict[str, float] = {}

    async def caller(self, text: str) -> Caller | None:
        """Who shows this key; None when it is none of ours."""
        parts = read_key(text)
        key = None if parts is None else await self.find(parts[0])
        if parts is None or key is None or not key.is_proven_by(parts[1]):
            return None
        await self._note_use(key.id)
        return key.caller

    async def find(self, key_id: str) -> Key | None:
        """None when the key was revoked."""
        key, at = self._met.get(key_id, (None, 0.0))
        age_s = time.monotonic() - at
        if key is not None and age_s < REMEMBERED_S:
            return key
        try:
            found = await asyncio.to_thread(self._store.find, key_id)
        except redis.RedisError:
            if key is not None and age_s < LONGEST_S:
                return key
            raise
        self._met.pop(key_id, None)
        if found is not None:
            if len(self._met) >= MOST_KEYS:
                self._met.clear()
            self._met[key_id] = (found, time.monotonic())
        return found

    async def _note_use(self, key_id: str) -> None:
        """Of a key that was proven: whoever only knows its id does not use it."""
        now = time.monotonic()
        if now - self._noted.get(key_id, -REMEMBERED_S) < REMEMBERED_S:
            return
        if len(self._noted) >= MOST_KEYS:
            self._noted.clear()
        self._noted[key_id] = now
        with contextlib.suppress(redis.RedisError):  # the key is good while Redis is away, too
            await asyncio.to_thread(self._store.was_used, key_id)
