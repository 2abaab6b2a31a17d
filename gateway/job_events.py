"""How jobs change, as server-sent events: of one job until it ends, or of all of them."""

import contextlib
import re
from collections.abc import Iterator
from typing import Final, cast

import msgspec
import redis
import redis.asyncio
from aiohttp import web

from contracts.jobs import FINAL_STATES, JobGone
from gateway.admission import Full, Shares
from gateway.door import ADDRESS, CALLER, asker
from gateway.jobs import Jobs
from gateway.problems import Problematic
from jobs.redis_keys import events_key
from jobs.scripts import CHANGES

EVENTS_WAIT_MS = 15_000
"""Silence after which a comment is sent, so that whoever lies between does not close the connection."""

REDIS_TIMEOUT_S = EVENTS_WAIT_MS / 1000 + 5
"""For a connection that waits so long; redis-py's own five seconds would end the stream."""

EVENT_ID = re.compile(r"\d{1,19}(-\d{1,19})?")

MOST_STREAMS: Final = 32
"""Of one key or address at this gateway."""

Entry = tuple[bytes, dict[bytes, bytes]]


@contextlib.contextmanager
def counted(request: web.Request, streams: Shares) -> Iterator[None]:
    """While a stream is open. Raises Problematic for one who has too many."""
    who = asker(request[CALLER], request[ADDRESS])
    try:
        with streams.one_more(who, MOST_STREAMS) if who else contextlib.nullcontext():
            yield
    except Full as problem:
        told = f"{MOST_STREAMS} streams of events are open already; one of /v1/jobs/events tells of all jobs"
        raise Problematic(429, "too_many_streams", told, {"Retry-After": "5"}) from problem


async def events(request: web.Request, jobs: Jobs, client: "redis.asyncio.Redis") -> web.StreamResponse:
    """`state` and `progress`, each with the job as it then is; ends with the job."""
    job_id = request.match_info["id"]
    view = await jobs.ask(jobs.store.view, job_id)
    response = await _opened(request)
    last = _last_event_id(request) or "0"
    # A job that is deleted, or a Redis that is away, ends the stream: the client asks again and is told.
    with contextlib.suppress(Problematic, redis.RedisError):
        while True:
            ended = view.state in FINAL_STATES
            entries = await _entries(client, events_key(job_id), last, None if ended else EVENTS_WAIT_MS)
            view = await jobs.ask(jobs.store.view, job_id)
            if entries:
                last = entries[-1][0].decode()
                kind = "state" if any(fields[b"kind"] == b"state" for _, fields in entries) else "progress"
                await _tell(response, last, kind, view)
            if ended or (entries and view.state in FINAL_STATES):
                break
            if not entries:
                await _say_still_here(response)
    return response


async def all_events(request: web.Request, jobs: Jobs, client: "redis.asyncio.Redis") -> web.StreamResponse:
    """`job` with each of the caller's jobs that changed, as it then is, and `gone` for those deleted; does not end.

    What changed before the stream was opened is not told, unless `Last-Event-ID` asks for it: a client that opens the
    stream first and reads the list then misses nothing.
    """
    caller = request[CALLER]
    newest: str = await jobs.ask(jobs.store.last_change)
    last = _last_event_id(request) or newest
    response = await _opened(request)
    await _say_still_here(response)
    with contextlib.suppress(Problematic, redis.RedisError):
        while True:
            entries = await _entries(client, CHANGES, last, EVENTS_WAIT_MS)
            latest: dict[bytes, bytes] = {}  # of several changes of one job the last is enough
            for entry_id, fields in entries:
                last = entry_id.decode()
                if not caller.may("admin") and fields[b"owner"].decode() != caller.key_id:
                    continue
                latest.pop(fields[b"job"], None)
                latest[fields[b"job"]] = entry_id
            for job_id, entry_id in latest.items():
                await _tell_of(response, jobs, job_id.decode(), entry_id.decode())
            if not entries:
                await _say_still_here(response)
    return response


async def _tell_of(response: web.StreamResponse, jobs: Jobs, job_id: str, entry_id: str) -> None:
    try:
        await _tell(response, entry_id, "job", await jobs.ask(jobs.store.view, job_id))
    except Problematic as problem:
        if problem.code != "unknown_job":
            raise
        await _tell(response, entry_id, "gone", JobGone(job_id))


async def _opened(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    return response


def _last_event_id(request: web.Request) -> str | None:
    given = request.headers.get("Last-Event-ID", "")
    return given if EVENT_ID.fullmatch(given) else None


async def _entries(client: "redis.asyncio.Redis", key: str, last: str, wait_ms: int | None) -> list[Entry]:
    """What the stream has after `last`, waited for; empty when nothing came."""
    read = await client.xread({key: last}, count=100, block=wait_ms)
    return [entry for _, entries in cast(list[tuple[bytes, list[Entry]]], read) for entry in entries]


async def _tell(response: web.StreamResponse, entry_id: str, kind: str, body: msgspec.Struct) -> None:
    lines = f"id: {entry_id}\nevent: {kind}\ndata: ".encode()
    await response.write(lines + msgspec.json.encode(body) + b"\n\n")


async def _say_still_here(response: web.StreamResponse) -> None:
    await response.write(b": still here\n\n")
