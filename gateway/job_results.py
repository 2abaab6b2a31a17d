"""What a job found: its rows as JSON pages, NDJSON or CSV, its summary, its pictures, and the events on its way."""

import asyncio
import contextlib
import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import IO, Annotated, Any, cast

import msgspec
import redis
import redis.asyncio
from aiohttp import web

from contracts.jobs import FINAL_STATES, JobView, ResultPage, ResultRow
from contracts.labels import LABELS
from gateway.jobs import Jobs
from gateway.problems import Problematic
from gateway.reading import read_query
from gateway.replies import json_reply
from jobs.store import events_key

PAGE_ROWS = 500
MOST_PAGE_ROWS = 5000
BLOCK_BYTES = 256 * 1024
EVENTS_WAIT_MS = 15_000
"""Silence after which a comment is sent, so that whoever lies between does not close the connection."""

EVENT_ID = re.compile(r"\d{1,19}(-\d{1,19})?")

CSV_HEAD = [
    "time_s", "frame", "face_id", "x", "y", "width", "height", "score", "top", "agreement", "uncertain",
    *LABELS, *(f"smoothed_{label}" for label in LABELS),
]  # fmt: skip


class ResultQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of `GET /v1/jobs/{id}/results`; `cursor` is a place in the rows' file."""

    cursor: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGE_ROWS)] = PAGE_ROWS


async def results(request: web.Request, jobs: Jobs) -> web.StreamResponse:
    """Rows in the form that `Accept` asks for."""
    path = await _result_path(request, jobs, "rows.ndjson")
    accepted = request.headers.get("Accept", "")
    if "application/x-ndjson" in accepted:
        return await _stream(request, "application/x-ndjson", _blocks(jobs, path))
    if "text/csv" in accepted:
        return await _stream(request, "text/csv", _csv_blocks(jobs, path))
    return json_reply(await asyncio.to_thread(_page, jobs, path, read_query(request, ResultQuery)))


def _page(jobs: Jobs, path: str, query: ResultQuery) -> ResultPage:
    with jobs.artefacts.open(path) as file:
        file.seek(query.cursor)
        rows = []
        try:
            for line in file:
                rows.append(msgspec.json.decode(line, type=ResultRow))
                if len(rows) == query.limit:
                    break
        except msgspec.DecodeError as problem:
            raise Problematic(400, "bad_option", "cursor is not one that `next` said") from problem
        at = file.tell()
        more = bool(file.read(1))
    return ResultPage(rows, str(at) if more else None)


async def file_of(request: web.Request, jobs: Jobs, name: str, content_type: str) -> web.StreamResponse:
    """One result file as it is; byte ranges are served, so that a video can be searched in."""
    path = await _result_path(request, jobs, name)
    size = await asyncio.to_thread(jobs.artefacts.size, path)
    start, stop = 0, size
    try:
        wanted = request.http_range
    except ValueError as problem:
        raise Problematic(416, "bad_range", str(problem)) from problem
    headers = {"Accept-Ranges": "bytes"}
    status = 200
    if wanted.start is not None or wanted.stop is not None:
        start = wanted.start if wanted.start is not None else 0
        start = max(0, size + start) if start < 0 else start
        stop = min(size, wanted.stop if wanted.stop is not None else size)
        if start >= stop:
            raise Problematic(416, "bad_range", f"there are {size} bytes")
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        status = 206
    response = web.StreamResponse(status=status, headers=headers)
    response.content_type = content_type
    response.content_length = stop - start
    await response.prepare(request)
    async for block in _blocks(jobs, path, start, stop):
        await response.write(block)
    return response


async def events(request: web.Request, jobs: Jobs, client: "redis.asyncio.Redis") -> web.StreamResponse:
    """Server-sent events: `state` and `progress`, each with the job as it then is; ends with the job."""
    job_id = request.match_info["id"]
    view = await jobs.ask(jobs.store.view, job_id)
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    last = request.headers.get("Last-Event-ID", "0")
    if not EVENT_ID.fullmatch(last):
        last = "0"
    # A job that is deleted, or a Redis that is away, ends the stream: the client asks again and is told.
    with contextlib.suppress(Problematic, redis.RedisError):
        while True:
            ended = view.state in FINAL_STATES
            read = await client.xread({events_key(job_id): last}, count=100, block=None if ended else EVENTS_WAIT_MS)
            found = cast(list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]], read)
            view = await jobs.ask(jobs.store.view, job_id)
            for _, entries in found:
                last = entries[-1][0].decode()
                kind = b"state" if any(fields[b"kind"] == b"state" for _, fields in entries) else b"progress"
                data = msgspec.json.encode(view)
                await response.write(b"id: %s\nevent: %s\ndata: %s\n\n" % (last.encode(), kind, data))
            if ended or (found and view.state in FINAL_STATES):
                break
            if not found:
                await response.write(b": still here\n\n")
    return response


async def _result_path(request: web.Request, jobs: Jobs, name: str) -> str:
    """Where one of the job's results lies. Raises Problematic when it is not there, saying why."""
    job_id = request.match_info["id"]
    view: JobView = await jobs.ask(jobs.store.view, job_id)
    if view.state not in FINAL_STATES:
        wait = f"the job is {view.state}; its results are there when it has ended"
        raise Problematic(409, "not_ended", wait, {"Retry-After": "2"})
    if view.state == "expired":
        raise Problematic(410, "expired", "the results were kept for a while and have expired")
    path = jobs.artefacts.path(job_id, "results", name)
    if not await asyncio.to_thread(jobs.artefacts.exists, path):
        raise Problematic(404, "no_such_result", f"this job ({view.state}) has no {name}")
    return path


async def _stream(request: web.Request, content_type: str, blocks: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = content_type
    response.charset = "utf-8"
    await response.prepare(request)
    async for block in blocks:
        await response.write(block)
    return response


async def _blocks(jobs: Jobs, path: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(jobs.artefacts.open, path)
    try:
        await asyncio.to_thread(file.seek, start)
        left = stop - start if stop is not None else None
        while left is None or left > 0:
            block = await asyncio.to_thread(file.read, BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block
    finally:
        await asyncio.to_thread(file.close)


async def _csv_blocks(jobs: Jobs, path: str) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(jobs.artefacts.open, path)
    try:
        yield _csv_lines([CSV_HEAD])
        while rows := await asyncio.to_thread(_some_rows, file):
            yield _csv_lines(_csv_row(row) for row in rows)
    finally:
        await asyncio.to_thread(file.close)


def _some_rows(file: IO[Any]) -> list[ResultRow]:
    return [msgspec.json.decode(line, type=ResultRow) for line in file.readlines(BLOCK_BYTES)]


def _csv_row(row: ResultRow) -> list[object]:
    box = row.box
    return [
        row.time_s, row.frame, row.face_id, box.x, box.y, box.width, box.height, row.score, row.top, row.agreement,
        row.uncertain, *row.probabilities.values(), *row.smoothed.values(),
    ]  # fmt: skip


def _csv_lines(rows: Iterator[list[object]] | list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
