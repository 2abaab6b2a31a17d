"""Tickets: what a browser shows where it can't send a key, as for a WebSocket, an event source or a video.

A ticket opens one path, for a moment. That of a session is used up by opening it; that of a file is not, because a
browser fetches a video in pieces.
"""

import hashlib
import secrets
from typing import Annotated, Final, cast

import msgspec
import redis.asyncio

from access.keys import Caller

SESSION_PATH: Final = "/v1/stream"
SESSION_TICKET_S: Final = 30
FILE_TICKET_S: Final = 600


class TicketWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/tickets`: which path to open, without its query."""

    path: Annotated[str, msgspec.Meta(max_length=200, pattern="^/v1/")] = SESSION_PATH


class _Record(msgspec.Struct, frozen=True):
    caller: Caller
    path: str


class Tickets:
    """In the jobs Redis, which all gateways of all shards share. Raises redis.RedisError when it is away."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._redis = client

    async def issue(self, caller: Caller, path: str = SESSION_PATH) -> tuple[str, int]:
        """A new ticket, and for how many seconds it is good."""
        ticket = secrets.token_urlsafe(32)
        good_for_s = SESSION_TICKET_S if path == SESSION_PATH else FILE_TICKET_S
        await self._redis.set(_key(ticket), msgspec.json.encode(_Record(caller, path)), ex=good_for_s)
        return ticket, good_for_s

    async def redeem(self, ticket: str, path: str) -> Caller | None:
        """Who bought it; None when it is not for this path, used up or too old."""
        key = _key(ticket)
        found = cast(bytes | None, await (self._redis.getdel(key) if path == SESSION_PATH else self._redis.get(key)))
        if found is None:
            return None
        record = msgspec.json.decode(found, type=_Record)
        return record.caller if record.path == path else None


def _key(ticket: str) -> str:
    # That Redis writes everything to its disk, from where backups are made: a hash opens nothing.
    return f"thespis:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
