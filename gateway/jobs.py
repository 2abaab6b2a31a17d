"""`/v1/jobs`: submitting a video, seeing how it stands, ending it. Its results: gateway/job_results.py."""

import asyncio
import contextlib
import contextvars
import errno
import hashlib
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

import msgspec
import redis
import structlog
from aiohttp import BodyPartReader, web

from access.keys import Caller
from contracts.jobs import FINAL_STATES, JobList, JobOptions, JobState, JobView
from gateway.admission import Full, Shares
from gateway.door import CALLER
from gateway.job_options import OptionsReader
from gateway.problems import Problematic
from gateway.reading import chunks_of, read_query, readable_body, whole
from gateway.replies import json_reply
from gateway.settings import GatewaySettings
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.store import JobStore, KeyReused, TooManyJobs, UnknownJob
from jobs.video import BadVideo, container_of
from runtime import tracing

log = structlog.get_logger("thespis.gateway")

CHUNK_BYTES = 1024 * 1024
MAX_OPTIONS_BYTES = 64 * 1024
SPARE_BYTES = 256 * 1024 * 1024
"""What stays free on the disk of the artefacts whatever is uploaded, so that jobs in hand can write their results."""

ROOM_CHECKED_BYTES = 64 * 1024 * 1024
"""After so much of an upload the disk is looked at again: others fill it, too."""

QUESTIONS = 8
"""To the records at once, in threads of their own: while their Redis hangs, pictures and the page go on."""

START_BYTES = 16
"""As many tell the container; a slow client's first chunk may have less."""

PAGE = 50
RECORDS_A_REQUEST = 4 * PAGE
"""One label among thousands of jobs is found by several requests: all of them share the gateway's processor."""

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


class JobQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of `GET /v1/jobs`."""

    status: JobState | None = None
    label: str | None = None
    cursor: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,12}(\.[0-9]{1,9})?-[0-9a-f]{32})?$")] = ""


class Jobs:
    """One gateway's way to the jobs. The store blocks, so it is asked from threads."""

    def __init__(
        self,
        store: JobStore,
        bells: Bells,
        artefacts: Artefacts,
        settings: GatewaySettings,
        members: list[str],
        vote_profiles: list[str],
    ) -> None:
        self.store = store
        self.artefacts = artefacts
        self._bells = bells
        self._settings = settings
        self._options = OptionsReader(settings, members, vote_profiles)
        self._uploads = Shares()
        self._asking = ThreadPoolExecutor(QUESTIONS, "jobs")

    async def ask(self, work: Callable[P, ResultT], *arguments: P.args, **named: P.kwargs) -> ResultT:
        """Runs `work` in a thread. Raises Problematic for what the caller can understand."""
        traced = partial(contextvars.copy_context().run, work, *arguments, **named)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._asking, traced)
        except UnknownJob as problem:
            raise Problematic(404, "unknown_job", str(problem)) from problem
        except redis.exceptions.OutOfMemoryError as problem:
            full = "there is no room for another job's record now: delete some"
            raise Problematic(507, "disk_full", full, {"Retry-After": "60"}) from problem
        except redis.RedisError as problem:
            raise Problematic(503, "unavailable", "the jobs' Redis can't be reached", {"Retry-After": "2"}) from problem

    async def check_owner(self, job_id: str, caller: Caller) -> None:
        """Raises Problematic for a job of another key, as if there were none."""
        if caller.may("admin"):
            return
        if await self.ask(self.store.owner, job_id) != caller.key_id:
            raise Problematic(404, "unknown_job", f"there is no job {job_id}")

    async def submit(self, request: web.Request) -> web.Response:
        """Receives an upload into the artefact store and makes a job of it."""
        given = request.headers.get("Idempotency-Key")
        if given is not None and not (0 < len(given) <= 200 and given.isascii() and given.isprintable()):
            raise Problematic(400, "bad_key", "an Idempotency-Key has 1 to 200 printable ASCII characters")
        caller = request[CALLER]
        # Who asks again under a key asks for a job that there is already.
        if given is None or not await self.ask(self.store.came_before, caller.key_id, given):
            await self._check_quotas(caller)
        await self._check_room(request.content_length)
        job_id = uuid.uuid4().hex
        most = self._most_unfinished(caller)[1]
        try:
            with self._uploads.one_more(caller.key_id, most):
                upload = await self._receive(request, job_id)
        except Full as problem:
            raise _too_many(f"{most} videos are being received; wait until one is here") from problem
        except BaseException:
            await asyncio.shield(self._throw_away(job_id))
            raise
        # From here on it is done, whether the client still listens or not: it may ask again under the same key.
        view = await asyncio.shield(self._create(job_id, upload, given, caller))
        return json_reply(view, status=202, headers={"Location": f"/v1/jobs/{view.id}"})

    async def _create(self, job_id: str, upload: "Upload", key: str | None, caller: Caller) -> JobView:
        """The job that was made, or the equal one that came earlier under the same key."""
        try:
            with tracing.begin("job", job_id=job_id):
                made = await self.ask(
                    self.store.create, job_id, upload.file_name, upload.options, key, upload.digest, caller.key_id,
                    *self._most_unfinished(caller), caller.quotas.stored_jobs if caller.key_id else sys.maxsize,
                )  # fmt: skip
        except TooManyJobs as problem:  # others came while this one was received
            await self._throw_away(job_id)
            raise _too_many(str(problem)) from problem
        except KeyReused as problem:
            await self._throw_away(job_id)
            raise Problematic(422, "key_reused", str(problem)) from problem
        except Problematic as problem:
            if isinstance(problem.__cause__, redis.exceptions.OutOfMemoryError):  # so there is no job
                await self._throw_away(job_id)
            raise
        # After another error of Redis nobody knows whether there is a job now; if not, its files are swept up.
        if made == job_id:
            await self.ask(self.store.upload_ended, job_id)
        else:
            await self._throw_away(job_id)
        await self.ask(self._bells.ring, "plan")
        return await self.ask(self.store.view, made)

    async def _throw_away(self, job_id: str) -> None:
        await asyncio.to_thread(self.artefacts.remove, self.artefacts.path(job_id))
        with contextlib.suppress(Problematic):
            await self.ask(self.store.upload_ended, job_id)

    async def _check_room(self, length: int | None) -> None:
        if length is not None and length > self._settings.max_upload_bytes + MAX_OPTIONS_BYTES:
            raise _too_large(self._settings)
        free = await asyncio.to_thread(self.artefacts.free_bytes)
        if free is not None and free < (length or 0) + SPARE_BYTES:
            raise _disk_full()

    def _most_unfinished(self, caller: Caller) -> tuple[int, int]:
        """How many jobs may be under way: of all, and of the caller, who has no quota without a key."""
        most = self._settings.max_unfinished_jobs
        return most, caller.quotas.unfinished_jobs if caller.key_id else most

    async def _check_quotas(self, caller: Caller) -> None:
        """Before anything is received; what is under way is counted again when the job is created."""
        await self.ask(self.store.check_memory)
        most, most_of_caller = self._most_unfinished(caller)
        if await self.ask(self.store.unfinished) >= most:
            raise _too_many(f"{most} jobs are under way; wait until one has ended")
        if not caller.key_id:
            return
        if await self.ask(self.store.unfinished, caller.key_id) >= most_of_caller:
            raise _too_many(f"{most_of_caller} jobs of this key are under way; wait until one has ended")
        if await self.ask(self.store.stored, caller.key_id) >= caller.quotas.stored_jobs:
            raise _too_many(f"{caller.quotas.stored_jobs} jobs of this key are kept; delete some")

    async def _receive(self, request: web.Request, job_id: str) -> "Upload":
        if not request.content_type.startswith("multipart/"):
            raise Problematic(415, "not_multipart", "send multipart/form-data with a part `video`")
        stored: tuple[str, bytes] | None = None
        options: JobOptions | None = None
        try:
            with readable_body():
                async for part in await request.multipart():
                    if not isinstance(part, BodyPartReader):
                        raise Problematic(400, "bad_request", "a part of the body has parts of its own")
                    if part.name == "options" and options is None:
                        text = await whole(chunks_of(part, MAX_OPTIONS_BYTES), MAX_OPTIONS_BYTES)
                        options = await self._options.read(text)
                    elif part.name == "video" and stored is None:
                        stored = clean_name(part.filename), await self._store_video(part, job_id)
                    else:
                        raise Problematic(400, "bad_request", "send one part `video`, and at most one part `options`")
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full() from problem
            raise
        if stored is None:
            raise Problematic(400, "no_video", "the body has no part `video` with a file in it")
        file_name, digest = stored
        options = options or JobOptions()
        return Upload(file_name, options, hashlib.sha256(digest + msgspec.json.encode(options)).hexdigest())

    async def _store_video(self, part: BodyPartReader, job_id: str) -> bytes:
        """Streams the part into the store, chunk by chunk; the SHA-256 of what it holds."""
        size, start, digest = 0, b"", hashlib.sha256()
        await self.ask(self.store.upload_goes_on, job_id)
        path = self.artefacts.path(job_id, "upload")
        file = await asyncio.to_thread(self.artefacts.open, path, "wb")
        try:
            async for chunk in chunks_of(part, CHUNK_BYTES):
                if size < START_BYTES <= size + len(chunk):
                    _check_start(start + chunk)
                start = (start + chunk)[:START_BYTES]
                if size // ROOM_CHECKED_BYTES < (size + len(chunk)) // ROOM_CHECKED_BYTES:
                    await self._check_room(None)
                size += len(chunk)
                if size > self._settings.max_upload_bytes:
                    raise _too_large(self._settings)
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
                await self.ask(self.store.upload_goes_on, job_id)
        finally:
            await asyncio.shield(asyncio.to_thread(file.close))
        if size < START_BYTES:
            raise Problematic(422, "bad_video", f"the video has {size} bytes")
        await asyncio.to_thread(self.artefacts.settle, path)
        return digest.digest()

    async def show_page(self, request: web.Request) -> web.Response:
        """One page of the caller's jobs."""
        caller = request[CALLER]
        owner = None if caller.may("admin") else caller.key_id
        jobs, follows = await self.ask(self._page, read_query(request, JobQuery), owner)
        return json_reply(JobList(jobs, follows))

    def _page(self, query: JobQuery, owner: str | None) -> tuple[list[JobView], str | None]:
        """Up to PAGE jobs that were asked for, of as many records as one request may look at; where to go on."""
        found: list[JobView] = []
        at = query.cursor
        for _ in range(RECORDS_A_REQUEST // PAGE):
            ids = self.store.ids_after(at, PAGE, owner)
            if not ids:
                return found, None
            for job_id, at in ids:
                try:
                    view = self.store.view(job_id)
                except UnknownJob:
                    continue
                if query.status in (None, view.state) and query.label in (None, view.label):
                    found.append(view)
                if len(found) == PAGE:
                    return found, at
        return found, at

    async def show(self, job_id: str) -> web.Response:
        """One job as it stands."""
        return json_reply(await self.ask(self.store.view, job_id))

    async def cancel(self, job_id: str) -> web.Response:
        """Asks for its end; what was found so far is thrown away."""
        await self.ask(self.store.cancel, job_id)
        await self.ask(self._bells.ring, "finish")
        return json_reply(await self.ask(self.store.view, job_id), status=202)

    async def delete(self, job_id: str) -> web.Response:
        """Job, upload and results are gone."""
        view = await self.ask(self.store.view, job_id)
        if view.state not in FINAL_STATES:
            await self.ask(self.store.end, job_id, "cancelled")
        await self.ask(self.store.forget, job_id)
        await asyncio.to_thread(self.artefacts.remove, self.artefacts.path(job_id))
        return web.Response(status=204)


class Upload(msgspec.Struct, frozen=True):
    """What was received; the video itself lies in the artefact store."""

    file_name: str
    options: JobOptions
    digest: str


def clean_name(name: str | None) -> str:
    """A name to show: no folders, nothing that can't be printed. It is never used as a path."""
    last = (name or "video").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:200] or "video"


def _check_start(chunk: bytes) -> None:
    try:
        container_of(chunk[:START_BYTES])
    except BadVideo as problem:
        raise Problematic(422, "bad_video", str(problem)) from problem


def _too_large(settings: GatewaySettings) -> Problematic:
    return Problematic(413, "too_large", f"a video has at most {settings.max_upload_bytes} bytes here")


def _too_many(detail: str) -> Problematic:
    return Problematic(429, "too_many_jobs", detail, {"Retry-After": "30"})


def _disk_full() -> Problematic:
    return Problematic(507, "disk_full", "there is no room for this video now", {"Retry-After": "60"})
