"""`GET /v1/stream`: the WebSocket around a session. docs/protocol.md tells the protocol."""

import asyncio
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from contracts.labels import LABELS
from contracts.members import Ensemble
from contracts.protocol import (
    SUBPROTOCOL,
    Limits,
    MemberDescription,
    ServerDraining,
    SessionClosed,
    SessionCreated,
    SessionTotals,
)
from gateway.answers import counted
from gateway.door import ADDRESS, CALLER, Door
from gateway.outbox import Outbox
from gateway.session import Session
from gateway.sessions import CLOSE_TIMEOUT_S, Place, Sessions
from gateway.settings import GatewaySettings
from runtime.metrics import SESSIONS

log = structlog.get_logger("thespis.gateway")

GOING_AWAY = 1001
POLICY_VIOLATION = 1008
TOO_LARGE = 1009
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013

RETENTION = "Frames are held in memory for at most two seconds and are never written to disk or to a log."
RECONNECT_AFTER_MS = 1000
HARD_LIMIT_FACTOR = 4
"""A message this many times larger than a frame may be is not even read; the connection ends with 1009."""


def describe_members(ensemble: Ensemble) -> list[MemberDescription]:
    return [
        MemberDescription(name, member.version, member.architecture, member.measured)
        for name, member in ensemble.members.items()
    ]


async def stream(request: web.Request, sessions: Sessions, door: Door) -> web.StreamResponse:
    """Serves one session from handshake to close."""
    settings = sessions.settings
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    if SUBPROTOCOL not in {name.strip() for name in offered.split(",")}:
        raise web.HTTPBadRequest(text=f"open a WebSocket with the subprotocol {SUBPROTOCOL}")
    socket = web.WebSocketResponse(
        protocols=[SUBPROTOCOL],
        compress=False,  # JPEGs don't shrink, and nobody can send us a bomb
        max_msg_size=HARD_LIMIT_FACTOR * settings.max_frame_bytes,
        heartbeat=settings.ping_interval_s,
        timeout=CLOSE_TIMEOUT_S,
        autoclose=False,  # a client's close is confirmed when its place is free, so that it can open another at once
    )
    await socket.prepare(request)
    address = request[ADDRESS]
    refusal = sessions.enter(address)
    if refusal is not None:
        await _turn_away(socket, request.transport, refusal)
        return socket
    place = Place(door, request[CALLER], address)
    try:
        if await place.taken():
            with sessions.present(), SESSIONS.track_inprogress():
                await _serve(socket, request.transport, sessions, place)
        else:
            await _turn_away(socket, request.transport, "too_many_sessions_of_this_key")
    finally:
        sessions.leave(address)
        await place.free()
        cut_off(request.transport)
    return socket


def cut_off(transport: asyncio.Transport | None) -> None:
    """Ends a connection whose client does not read: a close would wait until it does, for as long as it likes."""
    if transport is not None and transport.get_write_buffer_size():
        transport.abort()


async def _turn_away(socket: web.WebSocketResponse, transport: asyncio.Transport | None, reason: str) -> None:
    outbox = Outbox(socket.send_str, 1)
    outbox.put(SessionClosed(reason, SessionTotals(0, 0, {}, 0)))
    sending = asyncio.create_task(outbox.run())
    try:
        await _close(socket, transport, sending, outbox, TRY_AGAIN_LATER, reason)
    finally:
        await _cancelled(sending)


async def _serve(
    socket: web.WebSocketResponse, transport: asyncio.Transport | None, sessions: Sessions, place: Place
) -> None:
    settings = sessions.settings
    session_id = place.session_id
    outbox = Outbox(socket.send_str, settings.max_unsent_messages)
    put = counted(outbox.put)
    votes = list(sessions.ensemble.votes)
    session = Session(put, sessions.dispatcher, sessions.admission, place.asker, settings, votes)
    outbox.put(
        SessionCreated(
            session_id=session_id,
            limits=_limits(settings),
            members=describe_members(sessions.ensemble),
            vote_profiles=votes,
            labels=list(LABELS),
            retention=RETENTION,
            preferences=session.preferences,
        )
    )
    with structlog.contextvars.bound_contextvars(session_id=session_id):
        reason = "client_left"
        receiving = asyncio.create_task(_receive(socket, session, settings))
        sending = asyncio.create_task(outbox.run())
        try:
            reason, code = await _ending(receiving, sending, session, outbox, sessions, place)
            if code is not None:
                await _say_goodbye(reason, receiving, sending, session, outbox, settings)
                await _close(socket, transport, sending, outbox, code, reason)
        finally:
            await _cancelled(receiving, sending)
            await session.abandon()
            log.info("session_ended", reason=reason, frames=session.totals.frames, results=session.totals.results)


async def _ending(
    receiving: asyncio.Task[tuple[str, int | None]],
    sending: asyncio.Task[None],
    session: Session,
    outbox: Outbox,
    sessions: Sessions,
    place: Place,
) -> tuple[str, int | None]:
    """Waits until something ends the session; why, and the close code unless there is nobody to tell it."""
    found_out = {
        asyncio.create_task(outbox.overflowed.wait()): ("slow_reader", POLICY_VIOLATION),
        asyncio.create_task(session.spoiled.wait()): ("bad_frames", POLICY_VIOLATION),
        asyncio.create_task(place.kept()): ("key_revoked", POLICY_VIOLATION),
        asyncio.create_task(sessions.draining.wait()): ("draining", GOING_AWAY),
    }
    try:
        done, _ = await asyncio.wait({receiving, sending, *found_out}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _cancelled(*found_out)
    # What the session itself found out says more than that the connection is gone.
    for task, ending in found_out.items():
        if task in done and task.exception() is None:
            return ending
    for ended in done:
        problem = ended.exception()
        if problem is not None and not isinstance(problem, ConnectionError):
            log.error("session_failed", exc_info=problem)
            return "internal", INTERNAL_ERROR
    return receiving.result() if receiving in done and receiving.exception() is None else ("client_left", None)


async def _say_goodbye(
    reason: str,
    receiving: asyncio.Task[tuple[str, int | None]],
    sending: asyncio.Task[None],
    session: Session,
    outbox: Outbox,
    settings: GatewaySettings,
) -> None:
    """Answers what is in hand while the client still listens, and then tells it how the session went.

    A session that drains still reads: what comes now is answered as dropped.
    """
    if reason == "draining":
        outbox.put(ServerDraining(RECONNECT_AFTER_MS))
    else:
        receiving.cancel()
    if not outbox.overflowed.is_set():
        finishing = asyncio.create_task(session.finish(settings.drain_timeout_s))
        gone = {sending, receiving} if reason == "draining" else {sending}
        await asyncio.wait({finishing, *gone}, return_when=asyncio.FIRST_COMPLETED)
        await _cancelled(finishing, receiving)
    outbox.put(SessionClosed(reason, session.totals))


async def _receive(
    socket: web.WebSocketResponse, session: Session, settings: GatewaySettings
) -> tuple[str, int | None]:
    """Hands messages to the session until there are no more."""
    while not session.spoiled.is_set():
        try:
            async with asyncio.timeout(settings.idle_timeout_s):
                message = await socket.receive()
        except TimeoutError:
            return "idle", POLICY_VIOLATION
        if message.type is aiohttp.WSMsgType.BINARY:
            session.receive_frame(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            session.receive_text(message.data)
        elif message.type is aiohttp.WSMsgType.ERROR:
            return ("message_too_large", None) if socket.close_code == TOO_LARGE else ("client_left", None)
        else:
            return "client_left", None
        await asyncio.sleep(0)  # receiving what is there already gives way to nobody
    return "bad_frames", POLICY_VIOLATION


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Returns when all of them have ended, whatever they ended with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(
    socket: web.WebSocketResponse,
    transport: asyncio.Transport | None,
    sending: asyncio.Task[None],
    outbox: Outbox,
    code: int,
    reason: str,
) -> None:
    """Says the last words if the client listens; a client that doesn't is cut off."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            if not outbox.overflowed.is_set():
                flushing = asyncio.create_task(outbox.flushed())
                await asyncio.wait({flushing, sending}, return_when=asyncio.FIRST_COMPLETED)
                flushing.cancel()
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, ConnectionError):
        pass
    finally:
        if transport is not None and outbox.overflowed.is_set():
            transport.abort()


def _limits(settings: GatewaySettings) -> Limits:
    return Limits(
        max_frame_bytes=settings.max_frame_bytes,
        max_pixels=settings.max_frame_pixels,
        max_fps=settings.max_fps,
        max_frames_in_flight=settings.max_frames_in_flight,
        max_faces=settings.max_faces,
        max_bad_frames_in_a_row=settings.max_bad_frames_in_a_row,
        frame_deadline_ms=settings.frame_deadline_ms,
        idle_timeout_s=settings.idle_timeout_s,
    )
