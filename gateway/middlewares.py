"""What a request passes before its handler, in order: door, life of its key, owner of its job, pace of its body."""

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from access.tickets import SESSION_PATH
from gateway import app_keys
from gateway.door import CALLER
from gateway.problems import Problematic

LEAST_BYTES: Final = 16 * 1024
LOOKS: Final = 20  # at how much of a body has come, while it may stand still
YEAR_S: Final = 365 * 24 * 3600


@web.middleware
async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
    await request.app[app_keys.DOOR].let_in(request)
    return await handler(request)


@web.middleware
async def while_key_lasts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hangs up on what is under way when its key is revoked. A live session ends itself, in words."""
    caller = request.get(CALLER)
    if caller is None or not caller.key_id or request.path == SESSION_PATH:
        return await handler(request)

    async def watch() -> None:
        await request.app[app_keys.DOOR].revoked(caller)
        if request.transport is not None:
            request.transport.abort()

    return await _beside(watch(), handler(request))


@web.middleware
async def own_jobs(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A job is there only for its key; here, so that no route can forget it."""
    resource = request.match_info.route.resource
    if resource is not None and resource.canonical.startswith("/v1/jobs/{id}"):
        await request.app[app_keys.JOBS].check_owner(request.match_info["id"], request[CALLER])
    return await handler(request)


class Pace:
    """How a body comes: it stands still when fewer than `LEAST_BYTES` came in `stall_s` seconds."""

    def __init__(self, stall_s: float, now: float) -> None:
        """`now` in seconds of any clock, here and later the same."""
        self._stall_s, self._seen, self._since = stall_s, 0, now

    def stands_still(self, total_bytes: int, now: float) -> bool:
        """Look at how much has come so far."""
        if total_bytes - self._seen >= LEAST_BYTES:
            self._seen, self._since = total_bytes, now
        return now - self._since >= self._stall_s


@web.middleware
async def steady_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives up on a body that hardly comes, whatever its handler does with it (slow loris)."""
    if not request.can_read_body:
        return await handler(request)
    stall_s = request.app[app_keys.SETTINGS].body_stall_s
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)

    async def watch() -> None:
        pace = Pace(stall_s, loop.time())
        while not request.content.is_eof():
            await asyncio.sleep(stall_s / LOOKS)
            if pace.stands_still(request.content.total_bytes, loop.time()):
                limit.reschedule(loop.time())
                return

    try:
        async with limit:
            return await _beside(watch(), handler(request))
    except TimeoutError as problem:
        if not limit.expired():
            raise
        raise Problematic(408, "too_slow", f"the body stood still for {stall_s:g} s") from problem


async def _beside(watch: Coroutine[None, None, None], work: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    """What comes of the work; the watch ends with it."""
    watching = asyncio.create_task(watch)
    try:
        return await work
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def add_private_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Keeps answers out of caches and other sites' pages, and the way here encrypted once it was."""
    response.headers["Server"] = "Thespis"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.path.startswith("/v1/"):
        response.headers.setdefault("Cache-Control", "no-store")
    behind_proxy = request.app[app_keys.SETTINGS].proxies > 0
    if request.secure or (behind_proxy and request.headers.get("X-Forwarded-Proto", "").lower() == "https"):
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
