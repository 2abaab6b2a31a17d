"""The keys' records, in the jobs Redis: the one that survives a restart."""

import time
from typing import Final, cast

import msgspec
import redis

from access.keys import Key

KEYS: Final = "thespis:keys"
"""Id -> record, as JSON."""

LAST_USED: Final = "thespis:keys:used"
"""Id -> Unix seconds."""

USED_AGAIN_AFTER_S: Final = 60.0

CREATE: Final = """
-- KEYS: records. ARGV: id, record, 1 when there must be no key yet. -> 1, or 0 when there is one
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end  -- asked twice: the first answer was lost
if ARGV[3] == '1' and redis.call('HLEN', KEYS[1]) > 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""

NOTE_USE: Final = """
-- Of a key that was not revoked meanwhile. KEYS: records, last uses. ARGV: id, now, seconds until it is noted again
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return end
local last = redis.call('HGET', KEYS[2], ARGV[1])
if not last or ARGV[2] - last > tonumber(ARGV[3]) then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
"""


class KeyStore:
    """Reads and changes records; blocking. Raises redis.RedisError when Redis is away."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def add(self, key: Key, *, only_first: bool = False) -> bool:
        """False when `only_first` and there is a key already."""
        return bool(self._redis.eval(CREATE, 1, KEYS, key.id, msgspec.json.encode(key), int(only_first)))

    def find(self, key_id: str) -> Key | None:
        """None for one that never was or was revoked."""
        record = cast(bytes | None, self._redis.hget(KEYS, key_id))
        return None if record is None else msgspec.json.decode(record, type=Key)

    def all(self) -> list[tuple[Key, float | None]]:
        """Every key with the time of its last use, the oldest key first."""
        records = cast(dict[bytes, bytes], self._redis.hgetall(KEYS))
        used = cast(dict[bytes, bytes], self._redis.hgetall(LAST_USED))
        keys = [msgspec.json.decode(record, type=Key) for record in records.values()]
        times = {key_id.decode(): float(at) for key_id, at in used.items()}
        return [(key, times.get(key.id)) for key in sorted(keys, key=lambda key: key.created_s)]

    def any(self) -> bool:
        return bool(self._redis.hlen(KEYS))

    def revoke(self, key_id: str) -> bool:
        """False when there is no such key."""
        revoked = bool(self._redis.hdel(KEYS, key_id))
        self._redis.hdel(LAST_USED, key_id)
        return revoked

    def was_used(self, key_id: str) -> None:
        """Notes the use, once a minute at most."""
        self._redis.eval(NOTE_USE, 2, KEYS, LAST_USED, key_id, time.time(), USED_AGAIN_AFTER_S)
