"""The REST API as Python: `Client` for scripts, `AsyncClient` for asyncio.

    with Client("http://127.0.0.1:8080") as thespis:
        job = thespis.submit("interview.mp4", JobOptions(fps=5))
        thespis.wait(job.id, on_progress=lambda job: print(job.progress))
        for row in thespis.results(job.id):
            print(row.time_s, row.face_id, row.top)

ThespisError              Raised when the server refuses; `problem` holds its RFC 9457 details.
Unreachable               Raised when no server answers at that address.

Every method may raise both. Beside them: `submit` and `download` raise OSError for a file of ours that can't be read
or written, `wait` TimeoutError.
"""

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from contracts.api import ImageReply, ModelsReply, Readiness
from contracts.jobs import FINAL_STATES, JobOptions, JobState, JobSummary, JobView, ResultRow
from thespis import calls
from thespis.calls import Call, Download, ReplyT, address_of, bearer, check, reaching, reply_of, trusted
from thespis.errors import ThespisError, Unreachable
from thespis.streaming import Stream, open_stream
from thespis.sync_streaming import SyncStream, open_sync_stream
from thespis.transfers import OnUpload, Video, opened, whole_file
from thespis.waiting import SILENCE_S, Waiting

__all__ = [
    "DEFAULT_SERVER",
    "AsyncClient",
    "Client",
    "Download",
    "OnProgress",
    "OnUpload",
    "ThespisError",
    "Unreachable",
]

DEFAULT_SERVER = "http://127.0.0.1:8080"
TIMEOUT_S = 30.0

OnProgress = Callable[[JobView], None]
"""Called with the job as it stands, whenever that was heard or asked, until it has ended."""


class Client:
    """A synchronous client; use it as a context manager or call `close()`. `key` is an API key."""

    def __init__(self, server: str = DEFAULT_SERVER, timeout_s: float = TIMEOUT_S, key: str | None = None) -> None:
        self._server = address_of(server)
        self._key = key
        self._http = httpx.Client(
            base_url=self._server, timeout=timeout_s, trust_env=False, verify=trusted(), headers=bearer(key)
        )

    def analyze(self, picture: bytes, **options: bool | float | str) -> ImageReply:
        """The faces in one encoded picture; options as in docs/protocol.md."""
        return self._ask(calls.analyze(picture, options))

    def stream(self) -> contextlib.AbstractContextManager[SyncStream]:
        """A live session: `with client.stream() as stream`. Raises as thespis.open_stream does."""
        return open_sync_stream(str(self._server), self._key)

    def models(self) -> ModelsReply:
        """The members that vote, with what was measured of them."""
        return self._ask(calls.models())

    def readiness(self) -> Readiness:
        """What is missing for a frame to have a way through."""
        return self._ask(calls.readiness())

    def submit(
        self,
        video: Video,
        options: JobOptions | None = None,
        idempotency_key: str | None = None,
        on_upload: OnUpload | None = None,
    ) -> JobView:
        """Sends a video, streamed from its file, and gives the job that was made of it.

        The same key with the same video and options gives the same job, so a submission may be repeated safely. So it
        is for up to a minute where the connection is lost, under a key of its own where none is given.
        """
        waiting, key = Waiting(None), idempotency_key or uuid.uuid4().hex
        with opened(video, on_upload) as (name, file):
            while True:
                try:
                    return self._ask(calls.submit(name, file, options, key))
                except Unreachable as problem:
                    time.sleep(waiting.troubled(problem))

    def job(self, job_id: str) -> JobView:
        """How a job stands."""
        return self._ask(calls.job(job_id))

    def jobs(self, status: JobState | None = None, label: str | None = None) -> Iterator[JobView]:
        """All jobs, or those of a state or label, the newest first; asked for page by page."""
        waiting, cursor = Waiting(None), None
        while True:
            page = self._patiently(calls.jobs(status, label, cursor), waiting)
            yield from page.jobs
            if (cursor := page.next) is None:
                return

    def wait(self, job_id: str, on_progress: OnProgress | None = None, timeout_s: float | None = None) -> JobView:
        """The job when it has ended, however it ended. A lost connection is taken up again for up to a minute.

        Raises TimeoutError; the job goes on then.
        """
        for view in self._views(job_id, Waiting(timeout_s)):
            if on_progress is not None:
                on_progress(view)
            if view.state in FINAL_STATES:
                return view
        raise AssertionError("_views ends only by raising")

    def _views(self, job_id: str, waiting: Waiting) -> Iterator[JobView]:
        yield self._patiently(calls.job(job_id), waiting)
        while True:
            try:
                if waiting.by_events():
                    yield from self._events(job_id, waiting)
                else:
                    time.sleep(waiting.pause_s())
                yield self.job(job_id)
                waiting.went_well()
            except (httpx.TransportError, Unreachable, ThespisError) as problem:
                with reaching(self._server):
                    time.sleep(waiting.troubled(problem))

    def _events(self, job_id: str, waiting: Waiting) -> Iterator[JobView]:
        path = calls.job_path(job_id, "/events")
        with self._http.stream("GET", path, headers=waiting.headers(), timeout=SILENCE_S) as response:
            if not response.is_success:
                response.read()
                check(response)
            if not waiting.listen(response):
                return
            for line in response.iter_lines():
                if (view := waiting.hear(line)) is not None:
                    yield view
                if not waiting.by_events():
                    return
        waiting.stopped_hearing()

    def results(self, job_id: str) -> Iterator[ResultRow]:
        """One row a face and sampled frame, in the order of time, of a job that has ended; asked for page by page."""
        waiting, cursor = Waiting(None), None
        while True:
            page = self._patiently(calls.results(job_id, cursor), waiting)
            yield from page.rows
            if (cursor := page.next) is None:
                return

    def summary(self, job_id: str) -> JobSummary:
        """What was found, a face at a time, of a job that has ended."""
        return self._ask(calls.summary(job_id))

    def timeline(self, job_id: str) -> bytes:
        """A PNG of each face's expressions over time, of a job that has ended."""
        with reaching(self._server):
            response = self._http.get(calls.file(job_id, "timeline.png").path)
        check(response)
        return response.content

    def download(self, job_id: str, what: Download, path: str | os.PathLike[str]) -> None:
        """Writes one of the files of a job that has ended; `path` is there only when all of it is."""
        call = calls.file(job_id, what)
        with reaching(self._server), self._http.stream(call.method, call.path, headers=call.headers) as response:
            if not response.is_success:
                response.read()
                check(response)
            with whole_file(Path(path)) as file:
                for block in response.iter_bytes():
                    file.write(block)

    def cancel(self, job_id: str) -> JobView:
        """Asks for the end of a job; what it found so far is thrown away. One that has ended stays as it is."""
        return self._ask(calls.cancel(job_id))

    def delete(self, job_id: str) -> None:
        """Removes a job, its upload and its results."""
        self._ask(calls.delete(job_id))

    def _patiently(self, call: Call[ReplyT], waiting: Waiting) -> ReplyT:
        """Asks again after what passes by itself, for as long as `waiting` has patience."""
        while True:
            try:
                reply = self._ask(call)
                waiting.went_well()
                return reply
            except (Unreachable, ThespisError) as problem:
                time.sleep(waiting.troubled(problem))

    def _ask(self, call: Call[ReplyT]) -> ReplyT:
        with reaching(self._server):
            response = self._http.request(
                call.method, call.path, params=call.params, headers=call.headers, content=call.content,
                data=call.data, files=call.files,
            )  # fmt: skip
        return reply_of(call, response)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio; use it as an asynchronous context manager or call `aclose()`."""

    def __init__(self, server: str = DEFAULT_SERVER, timeout_s: float = TIMEOUT_S, key: str | None = None) -> None:
        self._server = address_of(server)
        self._key = key
        self._http = httpx.AsyncClient(
            base_url=self._server, timeout=timeout_s, trust_env=False, verify=trusted(), headers=bearer(key)
        )

    async def analyze(self, picture: bytes, **options: bool | float | str) -> ImageReply:
        """The faces in one encoded picture; options as in docs/protocol.md."""
        return await self._ask(calls.analyze(picture, options))

    def stream(self) -> contextlib.AbstractAsyncContextManager[Stream]:
        """A live session: `async with client.stream() as stream`. Raises as thespis.open_stream does."""
        return open_stream(str(self._server), self._key)

    async def models(self) -> ModelsReply:
        """The members that vote, with what was measured of them."""
        return await self._ask(calls.models())

    async def readiness(self) -> Readiness:
        """What is missing for a frame to have a way through."""
        return await self._ask(calls.readiness())

    async def submit(
        self,
        video: Video,
        options: JobOptions | None = None,
        idempotency_key: str | None = None,
        on_upload: OnUpload | None = None,
    ) -> JobView:
        """Sends a video, streamed from its file, and gives the job that was made of it; see Client.submit."""
        waiting, key = Waiting(None), idempotency_key or uuid.uuid4().hex
        with opened(video, on_upload) as (name, file):
            while True:
                try:
                    return await self._ask(calls.submit(name, file, options, key))
                except Unreachable as problem:
                    await asyncio.sleep(waiting.troubled(problem))

    async def job(self, job_id: str) -> JobView:
        """How a job stands."""
        return await self._ask(calls.job(job_id))

    async def jobs(self, status: JobState | None = None, label: str | None = None) -> AsyncIterator[JobView]:
        """All jobs, or those of a state or label, the newest first; asked for page by page."""
        waiting, cursor = Waiting(None), None
        while True:
            page = await self._patiently(calls.jobs(status, label, cursor), waiting)
            for view in page.jobs:
                yield view
            if (cursor := page.next) is None:
                return

    async def wait(self, job_id: str, on_progress: OnProgress | None = None, timeout_s: float | None = None) -> JobView:
        """The job when it has ended, however it ended; see Client.wait. Raises TimeoutError; the job goes on then."""
        async with contextlib.aclosing(self._views(job_id, Waiting(timeout_s))) as views:
            async for view in views:
                if on_progress is not None:
                    on_progress(view)
                if view.state in FINAL_STATES:
                    return view
        raise AssertionError("_views ends only by raising")

    async def _views(self, job_id: str, waiting: Waiting) -> AsyncGenerator[JobView, None]:
        yield await self._patiently(calls.job(job_id), waiting)
        while True:
            try:
                if waiting.by_events():
                    async with contextlib.aclosing(self._events(job_id, waiting)) as events:
                        async for view in events:
                            yield view
                else:
                    await asyncio.sleep(waiting.pause_s())
                yield await self.job(job_id)
                waiting.went_well()
            except (httpx.TransportError, Unreachable, ThespisError) as problem:
                with reaching(self._server):
                    pause_s = waiting.troubled(problem)
                await asyncio.sleep(pause_s)

    async def _events(self, job_id: str, waiting: Waiting) -> AsyncGenerator[JobView, None]:
        path = calls.job_path(job_id, "/events")
        async with self._http.stream("GET", path, headers=waiting.headers(), timeout=SILENCE_S) as response:
            if not response.is_success:
                await response.aread()
                check(response)
            if not waiting.listen(response):
                return
            async for line in response.aiter_lines():
                if (view := waiting.hear(line)) is not None:
                    yield view
                if not waiting.by_events():
                    return
        waiting.stopped_hearing()

    async def results(self, job_id: str) -> AsyncIterator[ResultRow]:
        """One row a face and sampled frame, in the order of time, of a job that has ended; asked for page by page."""
        waiting, cursor = Waiting(None), None
        while True:
            page = await self._patiently(calls.results(job_id, cursor), waiting)
            for row in page.rows:
                yield row
            if (cursor := page.next) is None:
                return

    async def summary(self, job_id: str) -> JobSummary:
        """What was found, a face at a time, of a job that has ended."""
        return await self._ask(calls.summary(job_id))

    async def timeline(self, job_id: str) -> bytes:
        """A PNG of each face's expressions over time, of a job that has ended."""
        with reaching(self._server):
            response = await self._http.get(calls.file(job_id, "timeline.png").path)
        check(response)
        return response.content

    async def download(self, job_id: str, what: Download, path: str | os.PathLike[str]) -> None:
        """Writes one of the files of a job that has ended; `path` is there only when all of it is."""
        call = calls.file(job_id, what)
        with reaching(self._server):
            async with self._http.stream(call.method, call.path, headers=call.headers) as response:
                if not response.is_success:
                    await response.aread()
                    check(response)
                with whole_file(Path(path)) as file:
                    async for block in response.aiter_bytes():
                        file.write(block)

    async def cancel(self, job_id: str) -> JobView:
        """Asks for the end of a job; what it found so far is thrown away. One that has ended stays as it is."""
        return await self._ask(calls.cancel(job_id))

    async def delete(self, job_id: str) -> None:
        """Removes a job, its upload and its results."""
        await self._ask(calls.delete(job_id))

    async def _patiently(self, call: Call[ReplyT], waiting: Waiting) -> ReplyT:
        """See Client._patiently."""
        while True:
            try:
                reply = await self._ask(call)
                waiting.went_well()
                return reply
            except (Unreachable, ThespisError) as problem:
                await asyncio.sleep(waiting.troubled(problem))

    async def _ask(self, call: Call[ReplyT]) -> ReplyT:
        with reaching(self._server):
            response = await self._http.request(
                call.method, call.path, params=call.params, headers=call.headers, content=call.content,
                data=call.data, files=call.files,
            )  # fmt: skip
        return reply_of(call, response)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
