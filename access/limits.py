"""How often one key or address may ask, and how many sessions one key may hold, whichever gateway of a shard is asked.

Counted in the live Redis, each shard for itself. While that is away nothing is counted, and no picture is answered
either.
"""

import math
from typing import Final, cast

import redis.asyncio
import redis.exceptions

from access.keys import Caller

BURST_S: Final = 10.0
"""So many seconds' worth of requests may come at once."""

LEASE_S: Final = 15
"""After so long without a renewal a session's place is free again: its gateway has fallen."""

ASK: Final = """
-- A leaky bucket by the generic cell rate algorithm. KEYS: the time at which the bucket will be empty. ARGV: seconds
-- between requests, seconds that the bucket holds. -> seconds to wait as text, '0' when the request may pass
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local holds = math.max(tonumber(ARGV[2]), tonumber(ARGV[1]))
-- Never further ahead than a full bucket: the clock may have been set back.
local found = math.min(tonumber(redis.call('GET', KEYS[1]) or now), now + holds)
local empty_at = math.max(found, now) + tonumber(ARGV[1])
local wait = empty_at - now - holds
if wait > 0 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', empty_at), 'PX', math.ceil((empty_at - now) * 1000))
return '0'
"""

TAKE_PLACE: Final = """
-- KEYS: places, member -> end of its lease. ARGV: member, seconds of a lease, how many there are. -> 1, or 0 when full
local now = tonumber(redis.call('TIME')[1])  -- gateways' clocks may lie apart
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * tonumber(ARGV[2]))
return 1
"""


def patient_redis(url: str, timeout_s: float) -> "redis.asyncio.Redis":
    """A client whose callers wait for one of its connections, as they do for an answer: so long, and no longer.

    redis-py's own pool refuses the 101st at once, and a burst would pass uncounted, as if Redis were away.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url, timeout=timeout_s, socket_connect_timeout=timeout_s, socket_timeout=timeout_s
    )
    return redis.asyncio.Redis.from_pool(pool)


class Limits:
    """One gateway's way to the counters."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._redis = client

    async def seconds_to_wait(self, who: str, per_minute: int) -> int:
        """0 when one more request may pass now."""
        try:
            wait = await self._redis.eval(ASK, 1, f"thespis:asked:{who}", 60 / per_minute, BURST_S)
        except (redis.exceptions.RedisError, OSError):
            return 0
        return math.ceil(float(cast(bytes, wait)))

    async def hold_place(self, caller: Caller, session_id: str) -> bool:
        """Takes a place for a session of this key, or keeps it; False when the key has all of its sessions open."""
        arguments: list[str | int] = [session_id, LEASE_S, caller.quotas.sessions]
        try:
            return bool(await self._redis.eval(TAKE_PLACE, 1, _places(caller), *arguments))
        except (redis.exceptions.RedisError, OSError):
            return True

    async def free_place(self, caller: Caller, session_id: str) -> None:
        """What can't be told to Redis now, its lease tells later."""
        try:
            await self._redis.zrem(_places(caller), session_id)
        except (redis.exceptions.RedisError, OSError):
            return


def _places(caller: Caller) -> str:
    return f"thespis:sessions:{caller.key_id}"
