"""What a job found: its rows as JSON pages, NDJSON or CSV, its summary and its pictures."""

import asyncio
import contextlib
import csv
import io
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import IO, Annotated, Any, Literal

import msgspec
from aiohttp import hdrs, web

from contracts.jobs import FINAL_STATES, WITH_RESULTS, JobView, ResultPage, ResultRow
from contracts.labels import LABELS
from gateway.jobs import Jobs
from gateway.problems import Problematic
from gateway.reading import read_query
from gateway.replies import json_reply

PAGE_ROWS = 500
MOST_PAGE_ROWS = 5000
BLOCK_BYTES = 256 * 1024
ROWS_AT_ONCE = 500
CSV_HEAD = [
    "time_s", "frame", "face_id", "x", "y", "width", "height", "score", "top", "agreement", "uncertain",
    *LABELS, *(f"smoothed_{label}" for label in LABELS),
]  # fmt: skip


class ResultQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of `GET /v1/jobs/{id}/results`; `cursor` is a place in the rows' file, `format` beats `Accept`."""

    format: Literal["json", "ndjson", "csv"] | None = None
    cursor: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGE_ROWS)] = PAGE_ROWS


async def results(request: web.Request, jobs: Jobs) -> web.StreamResponse:
    """Rows in the form that `format` or `Accept` asks for."""
    async with _result(request, jobs, "rows.ndjson") as (file, view):
        query = read_query(request, ResultQuery)
        form = query.format or _accepted(request.headers.get("Accept", ""))
        if form == "ndjson":
            return await _stream(request, "application/x-ndjson", _blocks(file))
        if form == "csv":
            members = sorted(view.members) if view.options.votes else []
            return await _stream(request, "text/csv", _csv_blocks(file, members))
        return json_reply(await asyncio.to_thread(_page, file, query))


def _accepted(accept: str) -> str:
    if "application/x-ndjson" in accept:
        return "ndjson"
    return "csv" if "text/csv" in accept else "json"


def _page(file: IO[Any], query: ResultQuery) -> ResultPage:
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
    async with _result(request, jobs, name) as (file, _):
        size = await asyncio.to_thread(file.seek, 0, io.SEEK_END)
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
        return await _sent(request, response, _blocks(file, start, stop))


@contextlib.asynccontextmanager
async def _result(request: web.Request, jobs: Jobs, name: str) -> AsyncIterator[tuple[IO[Any], JobView]]:
    """One of the job's results, open, and the job. Raises Problematic when it is not there, saying why.

    The job's state decides, not the files: somebody may write them still, or remove them already.
    """
    job_id = request.match_info["id"]
    view: JobView = await jobs.ask(jobs.store.view, job_id)
    if view.state not in FINAL_STATES:
        wait = f"the job is {view.state}; its results are there when it has ended"
        raise Problematic(409, "not_ended", wait, {"Retry-After": "2"})
    if view.state == "expired" or (view.expires_s is not None and view.expires_s <= time.time()):
        raise Problematic(410, "expired", "the results were kept for a while and have expired")
    missing = Problematic(404, "no_such_result", f"this job ({view.state}) has no {name}")
    if view.state not in WITH_RESULTS:
        raise missing
    try:
        file = await asyncio.to_thread(jobs.artefacts.open, jobs.artefacts.path(job_id, "results", name))
    except FileNotFoundError as problem:
        raise missing from problem
    try:
        yield file, view
    finally:
        await asyncio.to_thread(file.close)


async def _stream(request: web.Request, content_type: str, blocks: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = content_type
    response.charset = "utf-8"
    return await _sent(request, response, blocks)


async def _sent(request: web.Request, response: web.StreamResponse, blocks: AsyncIterator[bytes]) -> web.StreamResponse:
    """The answer to HEAD has no body, which aiohttp leaves to whoever writes one."""
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        async for block in blocks:
            await response.write(block)
    return response


async def _blocks(file: IO[Any], start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, start)
    left = stop - start if stop is not None else None
    while left is None or left > 0:
        block = await asyncio.to_thread(file.read, BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


async def _csv_blocks(file: IO[Any], members: list[str]) -> AsyncIterator[bytes]:
    yield _csv_lines([CSV_HEAD + [f"{member}_{label}" for member in members for label in LABELS]])
    while rows := await asyncio.to_thread(_some_rows, file):
        yield _csv_lines(_csv_row(row, members) for row in rows)


def _some_rows(file: IO[Any]) -> list[ResultRow]:
    return [msgspec.json.decode(line, type=ResultRow) for line in islice(file, ROWS_AT_ONCE)]


def _csv_row(row: ResultRow, members: list[str]) -> list[object]:
    """The cells of a member that did not vote stay empty."""
    box, votes = row.box, row.votes or {}
    return [
        row.time_s, row.frame, row.face_id, box.x, box.y, box.width, box.height, row.score, row.top, row.agreement,
        row.uncertain, *row.probabilities.values(), *row.smoothed.values(),
        *(votes.get(member, {}).get(label, "") for member in members for label in LABELS),
    ]  # fmt: skip


def _csv_lines(rows: Iterator[list[object]] | list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
