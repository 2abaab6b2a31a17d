"""Something dies in the middle of a session: every frame is still answered once, and results come back."""

import asyncio
import contextlib
import re
import signal
import socket
import statistics
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from contracts.protocol import Dropped, Error, Result
from tests.integration.job_client import JobClient
from tests.integration.live_session import LiveSession, live_session
from tests.platform_process import STOP_TIMEOUT_S, Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until
from thespis.supervisor import ENDING_TIMEOUT_S

FRAME_INTERVAL_S = 0.04

Answer = Result | Dropped | Error


class Watched:
    """A session that streams in the background while a test breaks things."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self.sent = 0

    async def stream(self, frames: list[bytes]) -> None:
        while True:
            await self._session.send(frames[self.sent % len(frames)])
            self.sent += 1
            await asyncio.sleep(FRAME_INTERVAL_S)

    async def listen(self) -> None:
        while True:
            await self._session.next()

    async def see(self, wanted: Callable[[Answer], bool]) -> Answer:
        """The next answer, from now on, that is as wanted."""
        start = len(self._session.messages)
        async with asyncio.timeout(60):
            while True:
                for message in self._session.messages[start:]:
                    if isinstance(message, Result | Dropped | Error) and wanted(message):
                        return message
                await asyncio.sleep(0.01)

    async def all_answered(self) -> None:
        async with asyncio.timeout(20):
            while len(self._session.ids()) < self.sent:
                await asyncio.sleep(0.01)
        assert self._session.ids() == list(range(1, self.sent + 1))


@contextlib.asynccontextmanager
async def watched(url: str, frames: list[bytes]) -> AsyncIterator[Watched]:
    """Streams for as long as the block runs; then every frame must have been answered exactly once."""
    async with live_session(url) as session:
        watch = Watched(session)
        listening = asyncio.create_task(watch.listen())
        streaming = asyncio.create_task(watch.stream(frames))
        try:
            await watch.see(is_result)
            yield watch
            streaming.cancel()
            await watch.all_answered()
        finally:
            streaming.cancel()
            listening.cancel()
            await asyncio.gather(streaming, listening, return_exceptions=True)


def is_result(answer: Answer) -> bool:
    return isinstance(answer, Result)


def is_full_result(answer: Answer) -> bool:
    return isinstance(answer, Result) and len(answer.faces) == 1 and not answer.members.missing


@pytest.fixture(scope="module")
def sturdy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform whose processes may be killed; one worker of each kind, so that its fall is felt."""
    with Platform(
        tmp_path_factory.mktemp("faults") / "up.log",
        THESPIS_DETECTORS="1",
        THESPIS_JOB_WORKERS="0",
        THESPIS_PREDICT_TIMEOUT_MS="400",  # as by default: a member that hangs must not cost a frame its deadline
    ) as platform:
        yield platform


@pytest.mark.parametrize("worker", ["detector_worker", "ensemble_worker"])
async def test_a_worker_killed_mid_stream_costs_no_answer(sturdy: Platform, frames: list[bytes], worker: str) -> None:
    async with watched(sturdy.url, frames) as watch:
        killed = sturdy.child(worker)
        killed.kill()
        await watch.see(lambda answer: isinstance(answer, Dropped))
        await watch.see(is_full_result)
    assert sturdy.child(worker).pid != killed.pid


async def test_a_member_that_dies_is_named_as_missing_until_it_is_back(sturdy: Platform, frames: list[bytes]) -> None:
    async with watched(sturdy.url, frames) as watch:
        sturdy.member("vgg").kill()
        partial = await watch.see(lambda answer: isinstance(answer, Result) and answer.members.missing == ["vgg"])
        assert isinstance(partial, Result)
        assert "vgg" not in partial.members.used
        assert len(partial.faces) == 1
        await watch.see(is_full_result)


async def test_a_member_that_hangs_costs_one_wait_and_is_then_skipped(sturdy: Platform, frames: list[bytes]) -> None:
    async with watched(sturdy.url, frames) as watch:
        member = sturdy.member("mobilenet")
        member.suspend()
        try:
            await watch.see(lambda answer: isinstance(answer, Result) and answer.members.missing == ["mobilenet"])
            waits_ms = []
            for _ in range(10):
                answer = await watch.see(is_result)
                assert isinstance(answer, Result)
                waits_ms.append(answer.timing_ms.ensemble)
            assert statistics.median(waits_ms) < 300, "the others waited for a member that hangs"
        finally:
            member.resume()
        await watch.see(is_full_result)


async def test_with_all_members_down_frames_get_errors_and_then_results_again(
    sturdy: Platform, frames: list[bytes]
) -> None:
    async with watched(sturdy.url, frames) as watch:
        members = sturdy.children_with("--model_name=")
        for member in members:
            member.suspend()
        for member in members:
            member.kill()
        error = await watch.see(lambda answer: isinstance(answer, Error))
        assert isinstance(error, Error)
        assert (error.code, error.fatal) == ("unavailable", False)
        await watch.see(is_full_result)


async def test_redis_restarted_is_survived_without_reconnecting(sturdy: Platform, frames: list[bytes]) -> None:
    async with watched(sturdy.url, frames) as watch:
        sturdy.child("valkey-server").kill()
        await watch.see(lambda answer: not isinstance(answer, Result))
        await watch.see(is_full_result)


async def test_readyz_says_what_is_missing(sturdy: Platform) -> None:
    async with httpx.AsyncClient(base_url=sturdy.url, trust_env=False) as http:

        async def readiness() -> tuple[int, str]:
            answer = await http.get("/readyz", timeout=10)
            return answer.status_code, " ".join(answer.json()["missing"])

        async def until(wanted: tuple[int, str]) -> None:
            async with asyncio.timeout(30):
                while not ((seen := await readiness())[0] == wanted[0] and wanted[1] in seen[1]):
                    await asyncio.sleep(0.05)

        await until((200, ""))
        for worker, words in (
            ("detector_worker", "no detector worker answers"),
            ("ensemble_worker", "no ensemble worker answers"),
            ("valkey-server", "Redis can't be reached"),
        ):
            stopped = sturdy.child(worker)
            stopped.suspend()
            # Redis that hangs is found out by the check's own time limit.
            await until((503, ""))  # not at once: the last look is good for a second
            if worker == "valkey-server":
                stopped.kill()
            else:
                await until((503, words))
                stopped.resume()
            await until((200, ""))
        members = sturdy.children_with("--model_name=")
        for member in members:
            member.suspend()
        await until((503, "too few members answer"))
        for member in members:
            member.resume()
        await until((200, ""))
        assert (await http.get("/healthz")).status_code == 200


async def test_sigterm_tells_sessions_and_finishes_what_is_in_hand(
    tmp_path_factory: pytest.TempPathFactory, jpeg: bytes
) -> None:
    with Platform(tmp_path_factory.mktemp("drain") / "up.log") as platform:
        async with live_session(platform.url) as session:
            await session.ask(jpeg)
            for _ in range(5):
                await session.send(jpeg)
            await (await session.connection.ping())  # all of them are there
            draining = asyncio.create_task(session.until_closed())
            platform.child("-m gateway").send_signal(signal.SIGTERM)
            code, reason = await draining
        assert (code, reason) == (1001, "draining")
        kinds = [type(message).__name__ for message in session.messages]
        assert kinds[-1] == "SessionClosed"
        assert "ServerDraining" in kinds
        assert session.ids() == list(range(1, 7)), "every frame that was sent"


async def test_a_gateway_ends_in_time_whoever_still_hangs_on_it(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("hanging")
    with Platform(folder / "up.log") as platform:
        jobs = JobClient(platform)
        wait_until(lambda: platform.children_with("-m jobs"))
        platform.child("-m jobs").suspend()  # so that the job goes on for ever
        job_id = jobs.submit(write_motion_jpeg(folder / "clip.avi", frames, 25.0))
        host, _, port = platform.url.removeprefix("http://").partition(":")
        events = f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        upload = "POST /v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nbut no more comes"
        async with live_session(platform.url) as session:
            await session.ask(frames[0])
            with contextlib.ExitStack() as stack:
                for request in (events, upload, "GET / HT"):
                    connection = stack.enter_context(socket.create_connection((host, int(port))))
                    connection.sendall(request.encode())
                draining = asyncio.create_task(session.until_closed())
                gateway = platform.child("-m gateway")
                gateway.send_signal(signal.SIGTERM)

                def ends() -> list[str]:
                    return re.findall(r"child_(?:ended|fell)", platform.log.read_text())

                await asyncio.to_thread(wait_until, ends, ENDING_TIMEOUT_S)
            assert await draining == (1001, "draining")
        assert ends() == ["child_ended"], "by itself, with exit code 0"
        platform.child("-m jobs").resume()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_ends_every_child_and_a_second_signal_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, number: signal.Signals
) -> None:
    with Platform(tmp_path_factory.mktemp("ending") / "up.log") as platform:
        children = platform.children
        assert len(children) >= 7
        platform.process.send_signal(number)
        platform.process.send_signal(number)
        assert platform.process.wait(STOP_TIMEOUT_S) == 0
        assert not [child for child in children if child.is_running()]


def test_no_child_survives_a_parent_that_is_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Platform(tmp_path_factory.mktemp("killed") / "up.log") as platform:
        children = platform.children
        platform.process.kill()
        platform.process.wait()
        wait_until(lambda: not [child for child in children if child.is_running()])
