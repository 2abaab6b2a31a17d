"""Every process is stopped and started anew under load, one after the other: nothing is lost and nobody is killed."""

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from contracts.protocol import Dropped, Result, SessionClosed
from runtime.parent import end_with_parent
from tests.integration.job_client import JobClient
from tests.integration.live_session import LiveSession, live_session
from tests.integration.scraping import Scraped
from tests.platform_process import ROOT, START_TIMEOUT_S, THESPIS_UP, Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until, wait_until_async
from thespis.ports import free_ports

pytestmark = pytest.mark.long

SESSIONS = 4
FRAME_INTERVAL_S = 0.1


class Twin:
    """A second process of a kind of which `thespis up` starts one, on ports of its own."""

    def __init__(self, like: psutil.Process, log: Path) -> None:
        self._command = [sys.executable, *like.cmdline()[1:]]
        port, self.metrics_port = free_ports(2)
        own = {"THESPIS_PORT": str(port), "THESPIS_METRICS_PORT": str(self.metrics_port)}
        self._environment = {**like.environ(), **own}
        self._log = log
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stderr=log, stdout=log,
                preexec_fn=functools.partial(end_with_parent, os.getpid()),
            )  # fmt: skip
        try:
            wait_until(lambda: healthy(self.metrics_port), START_TIMEOUT_S)
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def healthy(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    return False


def on_port(platform: Platform, port: str) -> list[psutil.Process]:
    """The process whose metrics are served there."""
    found = []
    for child in platform.children_with(" -m "):
        with contextlib.suppress(psutil.Error):
            if child.environ().get("THESPIS_METRICS_PORT") == port:
                found.append(child)
    return found


def restart(platform: Platform, port: str) -> None:
    """Stops a child as a rolling restart would, and returns when its successor is well."""
    (old,) = on_port(platform, port)
    old.send_signal(signal.SIGTERM)
    wait_until(lambda: not old.is_running())
    wait_until(lambda: on_port(platform, port) and healthy(int(port)), START_TIMEOUT_S)


class Camera:
    """Streams for as long as it is wanted, on the other gateway when one of them drains."""

    def __init__(self, gateways: list[str], frames: list[bytes]) -> None:
        self._gateways = gateways
        self._frames = frames
        self._enough = asyncio.Event()
        self._sessions: list[LiveSession] = []
        self._running = asyncio.create_task(self._run())

    @property
    def results(self) -> int:
        return sum(isinstance(answer, Result) for session in self._sessions for answer in session.answers())

    async def stop(self) -> None:
        """Raises what went wrong on the way."""
        self._enough.set()
        await self._running

    async def _run(self) -> None:
        while not self._enough.is_set():
            with contextlib.suppress(ConnectionRefusedError):  # that one is just being started
                async with live_session(self._gateways[0]) as session:
                    self._sessions.append(session)
                    await self._stream(session)
            self._gateways.reverse()

    async def _stream(self, session: LiveSession) -> None:
        sent = 0
        listening = asyncio.create_task(session.until_closed())
        while not listening.done() and not self._enough.is_set():
            with contextlib.suppress(ConnectionClosed):
                await session.send(self._frames[sent % len(self._frames)])
                sent += 1
            await asyncio.wait({listening}, timeout=FRAME_INTERVAL_S)
        if listening.done():
            assert listening.result() == (1001, "draining")
            farewell = session.messages[-1]
            assert isinstance(farewell, SessionClosed)
            sent = farewell.totals.frames  # what came later the gateway never had

        async def all_answered() -> bool:
            return len(session.answers()) >= sent

        await wait_until_async(all_answered)
        listening.cancel()
        assert session.ids() == list(range(1, sent + 1)), "each frame once"
        assert {type(answer) for answer in session.answers()} <= {Result, Dropped}


@pytest.fixture
def doubled(tmp_path: Path) -> Iterator[tuple[Platform, list[Twin]]]:
    """Two processes of each kind but for members and Redis."""
    command = (*THESPIS_UP, "--metrics", "--detectors", "2", "--ensembles", "2", "--job-workers", "2")
    with Platform(tmp_path / "up.log", command) as platform, contextlib.ExitStack() as stack:
        for address in Scraped(platform).addresses.values():  # or a twin might be given a port that waits for another
            wait_until(functools.partial(healthy, int(address.rpartition(":")[2])), START_TIMEOUT_S)
        twins = []
        for word in ("-m gateway", "-m jobs"):
            twins.append(Twin(platform.child(word), tmp_path / "twins.log"))
            stack.callback(twins[-1].stop)
        yield platform, twins


@pytest.mark.timeout(600)
async def test_a_rolling_restart_under_load_loses_nothing(
    doubled: tuple[Platform, list[Twin]], frames: list[bytes], tmp_path: Path
) -> None:
    platform, twins = doubled
    jobs = JobClient(platform)
    clip = write_motion_jpeg(tmp_path / "clip.avi", frames * 20, 25.0)
    submitted: list[str] = []
    gateways = [platform.url, twins[0].url]
    cameras = [Camera(gateways[:: 1 - 2 * (n % 2)], frames) for n in range(SESSIONS)]

    def a_job_runs() -> None:
        """So that at each restart there is one to be harmed."""
        if not submitted or jobs.ended(submitted[-1]):
            submitted.append(jobs.submit(clip, fps=25))
            wait_until(lambda: jobs.done(submitted[-1]) > 0)

    ports = [target for name, target in Scraped(platform).addresses.items()]
    steps = [twin.restart for twin in twins]
    steps += [functools.partial(restart, platform, address.rpartition(":")[2]) for address in ports]
    for step in steps:
        await asyncio.to_thread(a_job_runs)
        await asyncio.to_thread(step)
        seen = [camera.results for camera in cameras]

        async def all_go_on(seen: list[int] = seen) -> bool:
            return all(camera.results > before for camera, before in zip(cameras, seen, strict=True))

        await wait_until_async(all_go_on)
    for camera in cameras:
        await camera.stop()
    for job_id in submitted:
        job = await asyncio.to_thread(jobs.wait, job_id, 120.0)
        assert (job["state"], job["errors"]) == ("succeeded", [])
        assert jobs.frames(job_id) == list(range(job["progress"]["frames_total"]))
    log = platform.log.read_text()
    assert log.count("child_ended") == len(ports)
    assert "child_fell" not in log
