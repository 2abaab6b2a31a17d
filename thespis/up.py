"""`thespis up`: the whole platform on one machine, ready when a real frame has come back."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import redis
import redis.asyncio
import structlog
from websockets import WebSocketException

from access.keys import ANYBODY, keys_required
from access.tickets import Tickets
from contracts.members import Ensemble
from contracts.protocol import Dropped, Error, Result, SessionUpdate
from runtime.model_tree import read_ensemble
from runtime.settings import BadSetting
from thespis.data_folder import jobs_redis_told, own_folder, redis_password
from thespis.errors import ThespisError
from thespis.plan import JOBS_REDIS, metrics_targets, plan_platform
from thespis.ports import free_ports, is_free
from thespis.sample_face import face_jpeg
from thespis.settings import UpSettings
from thespis.streaming import Stream, open_stream
from thespis.supervisor import Supervisor

log = structlog.get_logger("thespis.up")

ResultT = TypeVar("ResultT")

TRY_AGAIN_AFTER_S = 0.05
TOO_MUCH = frozenset({"frame_too_large", "too_many_pixels"})
"""Errors that no second try would take away."""
METRICS_TARGETS = "metrics.json"
"""In the data folder: where Prometheus finds the processes (file_sd_configs)."""


class NotReady(RuntimeError):
    """Raised when no frame came back in time, and the children's messages tell why; or when the settings refuse it."""


class PortTaken(RuntimeError):
    """Raised when something listens on the port already."""


@contextlib.asynccontextmanager
async def running_platform(settings: UpSettings, environ: Mapping[str, str]) -> AsyncIterator[tuple[str, Supervisor]]:
    """Starts the platform and gives its address once it is ready; stops it in the end.

    Raises BadSetting, PortTaken, FolderTaken, NotReady, BadModelTree, HopelessChild.
    """
    ensemble = read_ensemble(Path(settings.models_path))
    settings = with_free_port(settings)
    folder = Path(settings.data_path)
    with own_folder(folder), redis_password(folder) as password:
        programs = plan_platform(settings, ensemble, environ, password)
        redis_urls = {name: programs[0].environment[name] for name in ("THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL")}
        (folder / METRICS_TARGETS).write_bytes(metrics_targets(programs, reachable_host(settings.metrics_host)))
        supervisor = Supervisor(programs)
        has_jobs_redis = any(program.name == JOBS_REDIS for program in programs)
        jobs_redis = redis_urls["THESPIS_JOBS_REDIS_URL"] if has_jobs_redis else ""
        with jobs_redis_told(folder, jobs_redis):
            keyed = keys_required(settings.host, settings.require_keys, settings.insecure)
            tickets = redis_urls["THESPIS_JOBS_REDIS_URL" if keyed else "THESPIS_REDIS_URL"]
            async with _supervised(supervisor, settings, ensemble, tickets, jobs_redis) as url:
                yield url, supervisor


@contextlib.asynccontextmanager
async def passing_platform(
    settings: UpSettings, environ: Mapping[str, str], job_workers: int = 0
) -> AsyncIterator[tuple[str, Supervisor]]:
    """The same for one call: on a free port of this machine only, leaving nothing behind, not even when terminated."""
    loop, running, ended_by = asyncio.get_running_loop(), asyncio.current_task(), list[int]()

    def end(number: int) -> None:
        ended_by.append(number)
        if running is not None:
            _stop_once(running)

    ends = (signal.SIGTERM, *hangup())
    for number in ends:
        loop.add_signal_handler(number, end, number)
    try:
        async with _own_platform(settings, environ, job_workers) as running_one:
            yield running_one
    except asyncio.CancelledError:
        if ended_by:
            raise SystemExit(128 + ended_by[0]) from None
        raise
    finally:
        for number in ends:
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _own_platform(
    settings: UpSettings, environ: Mapping[str, str], job_workers: int
) -> AsyncIterator[tuple[str, Supervisor]]:
    own = {name: value for name, value in environ.items() if not name.startswith("THESPIS_ARTEFACTS_URL")}
    with tempfile.TemporaryDirectory(prefix="thespis-") as folder:
        changed = msgspec.structs.replace(
            settings, host="127.0.0.1", port=0, require_keys=False, job_workers=job_workers, data_path=folder
        )
        async with running_platform(changed, own) as running:
            yield running


@contextlib.asynccontextmanager
async def _supervised(
    supervisor: Supervisor, settings: UpSettings, ensemble: Ensemble, tickets_redis_url: str, jobs_redis_url: str
) -> AsyncIterator[str]:
    supervisor.start()
    url = f"http://{reachable_host(settings.host)}:{settings.port}"
    try:
        if jobs_redis_url:
            records = redis_answers(jobs_redis_url)
            await _done_or_failed(supervisor, records, settings.start_timeout_s, _unread(Path(settings.data_path)))
        first_frame = first_frame_back(url, len(ensemble.members), tickets_redis_url)
        await _done_or_failed(supervisor, first_frame, settings.start_timeout_s, "no frame with a face came back")
        supervisor.start(after_ready=True)
        yield url
    finally:
        await uninterrupted(supervisor.stop())


async def uninterrupted(work: Coroutine[None, None, None]) -> None:
    """Lets nobody cancel it: a Ctrl-C that comes while one that failed is being stopped neither leaves that half done
    nor takes the place of the reason.
    """
    working = asyncio.ensure_future(work)
    while not working.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(working)
    await working


def with_free_port(settings: UpSettings) -> UpSettings:
    """The settings with a port on which nothing listens. Raises PortTaken and BadSetting."""
    try:
        if settings.port == 0:
            return msgspec.structs.replace(settings, port=free_ports(1, settings.host)[0])
        if is_free(settings.port, settings.host):
            return settings
    except OSError as problem:
        where = f"{settings.host}, port {settings.port}"
        raise BadSetting(f"THESPIS_HOST: nothing can listen at {where}: {problem.strerror}") from problem
    raise PortTaken(f"port {settings.port} is taken: stop what listens there or choose another with --port")


def reachable_host(host: str) -> str:
    """How a URL on this machine names what listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  a comparison
    return f"[{reachable}]" if ":" in reachable else reachable


async def _done_or_failed(
    supervisor: Supervisor, work: Coroutine[None, None, None], timeout_s: float, otherwise: str
) -> None:
    """Raises NotReady, which says what was not done `otherwise`, and HopelessChild."""
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            await unless_it_fails(supervisor, work)
    except TimeoutError as problem:
        if not limit.expired():
            raise
        raise NotReady(f"within {timeout_s:g} s {otherwise}") from problem


def _unread(data: Path) -> str:
    return (
        f"the Redis of jobs and keys did not come up with what lies in {data / 'redis'}: give it more time with "
        "THESPIS_START_TIMEOUT_S, bring back a copy, or move that folder away, and all jobs and keys with it"
    )


async def unless_it_fails(supervisor: Supervisor, work: Coroutine[None, None, ResultT]) -> ResultT:
    """What comes of the work. Raises HopelessChild when a process of the platform can't be kept meanwhile."""
    failed, working = asyncio.ensure_future(supervisor.failed()), asyncio.ensure_future(work)
    try:
        await asyncio.wait({failed, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await failed
        return await working
    finally:
        failed.cancel()
        working.cancel()
        await asyncio.gather(failed, working, return_exceptions=True)


async def redis_answers(url: str) -> None:
    """Returns when it has read what it keeps, which it does before it answers anything."""
    async with redis.asyncio.Redis.from_url(url) as client:
        while True:
            try:
                await client.ping()
                return
            except redis.RedisError:
                await asyncio.sleep(TRY_AGAIN_AFTER_S)


async def first_frame_back(url: str, members: int, tickets_redis_url: str) -> None:
    """Returns when a real frame with a face came back with every member's vote."""
    jpeg = face_jpeg()
    async with redis.asyncio.Redis.from_url(tickets_redis_url) as client:
        while True:
            try:
                ticket, _ = await Tickets(client).issue(ANYBODY)  # as the owner of the platform we need no key
                async with open_stream(url, ticket=ticket) as stream:
                    await stream.update(SessionUpdate(votes=True))  # or only those with a weight would be asked
                    while True:
                        if await _answered_by_all(stream, jpeg, members):
                            return
                        await asyncio.sleep(TRY_AGAIN_AFTER_S)
            except (OSError, WebSocketException, ThespisError, redis.RedisError):
                await asyncio.sleep(TRY_AGAIN_AFTER_S)


async def _answered_by_all(stream: Stream, jpeg: bytes, members: int) -> bool:
    await stream.send(jpeg)
    async for message in stream:
        if isinstance(message, Result):
            return len(message.faces) > 0 and len(message.members.used) == members
        if isinstance(message, Error) and message.code in TOO_MUCH:
            raise NotReady(f"the settings let no webcam's picture in, with which a start is tried: {message.message}")
        if isinstance(message, Dropped | Error):
            return False
    raise ConnectionError("the session ended")


async def run_until_stopped(settings: UpSettings, environ: Mapping[str, str]) -> None:
    """Prints the address when the platform is ready and runs until SIGINT, SIGTERM, or SIGHUP where nobody (as `nohup`
    does) had that ignored.
    """
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()
    assert running is not None  # noqa: S101  asyncio.run always runs us in a task
    for number in (signal.SIGINT, signal.SIGTERM, *hangup()):
        loop.add_signal_handler(number, _stop_once, running)
    try:
        async with running_platform(settings, environ) as (url, supervisor):
            print(f"Thespis is ready: {url}", flush=True)  # noqa: T201  this is what the command is for
            await supervisor.failed()
    except asyncio.CancelledError:
        return


def hangup() -> list[signal.Signals]:
    """The terminal's last signal, where it is to be heard."""
    return [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]


def _stop_once(running: "asyncio.Task[object]") -> None:
    """Ends the platform in order. A second signal (make sends its own after Ctrl-C) changes nothing."""
    if not running.cancelling():
        running.cancel()
