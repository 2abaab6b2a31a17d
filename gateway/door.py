"""Who may come in: every request passes here before any handler; docs/security.md tells against what.

A name that is not ours (DNS rebinding) and a foreign page (CSRF) are refused first; then the key or ticket is looked
at, what its caller asked lately is counted, and the route's scope is compared.
"""

import asyncio
import ipaddress
from collections.abc import Mapping
from typing import Final

import redis
from aiohttp import web

from access.keys import ANYBODY, Caller, Scope, is_this_machine, keys_required
from access.limits import Limits
from access.ring import KeyRing
from access.tickets import Tickets
from gateway.addresses import client_address
from gateway.origins import host_allowed, is_address, origin_allowed
from gateway.problems import Problematic
from gateway.settings import GatewaySettings

CALLER: Final = web.RequestKey("caller", Caller)
"""Who asks; on every request to a route that is not open to all."""

ADDRESS: Final = web.RequestKey("address", str)

PAGE: Final = frozenset({"/", "/docs", "/web", "/web/vendor/uplot"})
"""The page's own files. They are not counted: one visit asks for some forty, and colleagues may share an address."""

UNCOUNTED: Final = PAGE | {"/healthz"}
"""Counting asks Redis, and whether this process answers must not depend on that."""

OPEN: Final = PAGE | {"/openapi.json", "/healthz", "/readyz"}
"""Routes that ask for no key: what a page needs before a person can enter one, and what a load balancer asks."""

SCOPES: Final[Mapping[str, Scope | None]] = {
    "/v1/stream": "stream",
    "/v1/images": "images",
    "/v1/jobs": "jobs",
    "/v1/models": None,
    "/v1/tickets": None,
}
"""Beginning of a route -> the scope it needs; None for any key. What stands neither here nor above needs `admin`."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOOKED_UP_S: Final = 2.0
"""Time between looks at the key of a request that is under way."""

ASK_FOR_KEY: Final = {"WWW-Authenticate": 'Bearer realm="Thespis"'}


class Door:
    """What one gateway knows of those who ask."""

    def __init__(self, settings: GatewaySettings, ring: KeyRing, tickets: Tickets, limits: Limits) -> None:
        self.tickets = tickets
        self.limits = limits
        self._settings = settings
        self._ring = ring
        self._asks_for_keys = keys_required(settings.host, settings.require_keys, settings.insecure)

    async def let_in(self, request: web.Request) -> None:
        """Notes who asks and from where. Raises Problematic when they may not come in."""
        self._check_host(request)
        self._check_origin(request)
        forwarded_for = request.headers.getall("X-Forwarded-For", ())
        request[ADDRESS] = client_address(request.remote, forwarded_for, self._settings.proxies)
        caller = await self._who(request) if self._asks_for_keys else ANYBODY
        resource = request.match_info.route.resource
        if resource is None or resource.canonical not in UNCOUNTED:
            await self._count(caller, request[ADDRESS])
        if resource is not None and resource.canonical not in OPEN:
            request[CALLER] = scoped(caller, resource.canonical)

    async def revoked(self, caller: Caller) -> None:
        """Returns when the caller's key was revoked."""
        while not await self.was_revoked(caller):  # noqa: ASYNC110  another process does it
            await asyncio.sleep(LOOKED_UP_S)

    async def was_revoked(self, caller: Caller) -> bool:
        """Whether a key that came in is one no longer; no while Redis can't tell."""
        try:
            return caller.key_id != "" and await self._ring.find(caller.key_id) is None
        except redis.RedisError:
            return False

    def _check_host(self, request: web.Request) -> None:
        # Where a key is asked for, a page that came here by a trick has none to send.
        # Every browser says under which name it came; a program that says none is none.
        host = request.headers.get("Host")
        if not self._asks_for_keys and host is not None and not host_allowed(host, self._settings.allowed_hosts):
            unknown = f"this server is not known as {host}; THESPIS_ALLOWED_HOSTS lists the names it has"
            raise Problematic(421, "unknown_host", unknown)

    def _check_origin(self, request: web.Request) -> None:
        """A browser says whose page asks. What only reads needs no check: foreign pages don't get to see the answer."""
        opens_session = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method in SAFE_METHODS and not opens_session:
            return
        if not origin_allowed(request.headers.get("Origin"), request.host, self._settings.allowed_origins):
            raise Problematic(403, "forbidden", "pages of this origin may not ask here; see THESPIS_ALLOWED_ORIGINS")

    async def _who(self, request: web.Request) -> Caller | None:
        """Who shows a key or ticket; None where there is neither. Raises Problematic for a bad one."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        ticket = request.query.get("ticket")
        if kind.lower() != "bearer" and ticket is None:
            return None
        try:
            if kind.lower() == "bearer":
                caller = await self._ring.caller(key.strip())
            else:
                caller = await self._who_bought(str(ticket), request)
        except redis.RedisError as problem:
            raise Problematic(503, "unavailable", "keys can't be looked up now", {"Retry-After": "2"}) from problem
        if caller is None:
            await self._count(None, request[ADDRESS])
            raise Problematic(401, "unknown_key", "this key or ticket is unknown, revoked or used up", ASK_FOR_KEY)
        return caller

    async def _who_bought(self, ticket: str, request: web.Request) -> Caller | None:
        caller = await self.tickets.redeem(ticket, request.path) if request.method in SAFE_METHODS else None
        return None if caller is None or await self.was_revoked(caller) else caller

    async def _count(self, caller: Caller | None, address: str) -> None:
        """One more request."""
        who = asker(caller, address)
        if not who:
            return
        per_minute = self._settings.max_requests_per_minute
        if caller is not None and caller.key_id:
            per_minute = caller.quotas.per_minute
        wait_s = await self.limits.seconds_to_wait(who, per_minute)
        if wait_s:
            often = f"asked too often; try again in {wait_s} s"
            raise Problematic(429, "too_many_requests", often, {"Retry-After": str(wait_s)})


def asker(caller: Caller | None, address: str) -> str:
    """Who asks, for counting: the key, or the address where there is none. This machine's own have no name ('')."""
    if caller is not None and caller.key_id:
        return f"key:{caller.key_id}"
    return "" if is_this_machine(address) else f"address:{neighbourhood(address)}"


def scoped(caller: Caller | None, route: str) -> Caller:
    """Raises Problematic for a caller without a key, or with one that is not for this."""
    if caller is None:
        raise Problematic(401, "key_needed", "send an API key: Authorization: Bearer thespis_…", ASK_FOR_KEY)
    scope = SCOPES.get("/".join(route.split("/")[:3]), "admin")
    if scope is not None and not caller.may(scope):
        raise Problematic(403, "scope_needed", f"this key has no scope `{scope}`")
    return caller


def neighbourhood(address: str) -> str:
    """An IPv6 subscriber has 2**64 addresses to ask from, so they are counted together."""
    if ":" not in address or not is_address(address):
        return address
    known = ipaddress.IPv6Address(address)
    return str(known.ipv4_mapped or ipaddress.IPv6Network((known, 64), strict=False))
