"""What the platform does in containers, through its front door, and while parts of it fall and come back."""

import asyncio
import contextlib
import json
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from bench.containers import Container, Stack, StackProblem
from contracts.protocol import Error, Result, ServerDraining, SessionClosed, SessionCreated
from runtime.model_tree import read_ensemble
from tests.integration.job_client import JobClient
from tests.integration.live_session import LiveSession, live_session
from tests.platform_process import ROOT
from tests.video_clips import decoded, write_clip
from tests.waiting import wait_until, wait_until_async

ENSEMBLE = read_ensemble(ROOT / "models")
MEMBERS, VOTERS = set(ENSEMBLE.members), set(ENSEMBLE.votes["default"].weights)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]) -> bytes:
    """Eight seconds of H.264 with one face."""
    return write_clip(tmp_path_factory.mktemp("film") / "film.mp4", decoded(frames * 4)).read_bytes()


def test_a_picture_is_read_through_the_door(stack: Stack, jpeg: bytes) -> None:
    def answer() -> dict[str, Any]:
        headers = {"Content-Type": "image/jpeg"}
        return dict(stack.ask("POST", "/v1/images?votes=true", content=jpeg, headers=headers).json())

    assert len(answer()["faces"]) == 1
    wait_until(lambda: set(answer()["members"]["used"]) == MEMBERS)


def test_plain_http_leads_to_https(stack: Stack) -> None:
    answer = httpx.get(stack.http_url, trust_env=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/")


async def test_sessions_live_on_every_gateway(stack: Stack, jpeg: bytes) -> None:
    async with contextlib.AsyncExitStack() as exits:
        sessions = [await exits.enter_async_context(live_session(stack.url, stack.tls, stack.key)) for _ in range(12)]
        for session in sessions:
            await wait_until_async(partial(is_result, session, jpeg))
        created = [session.messages[0] for session in sessions]
    ids = {message.session_id for message in created if isinstance(message, SessionCreated)}
    gateways = stack.containers("gateway")
    await wait_until_async(lambda: asyncio.to_thread(lambda: ids <= set.union(*map(ended_sessions, gateways))))
    assert all(ids & ended_sessions(gateway) for gateway in gateways)


def ended_sessions(gateway: Container) -> set[str]:
    """The ids of those that its log tells of."""
    lines = [json.loads(line) for line in gateway.logs().splitlines() if line.startswith("{")]
    return {line["session_id"] for line in lines if line.get("event") == "session_ended"}


def test_a_video_becomes_rows_and_an_annotated_video(jobs: JobClient, film: bytes) -> None:
    job_id = jobs.submit(film, "film.mp4", fps=5, annotated=True, label="kept")
    assert jobs.wait(job_id, 120)["state"] == "succeeded"
    assert jobs.frames(job_id) == list(range(40))
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/annotated").content.startswith(b"\x1aE\xdf\xa3")
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/timeline.png").content.startswith(b"\x89PNG")


@pytest.mark.parametrize("service", ["job_worker", "detector_worker_jobs"])
def test_what_is_under_way_lies_on_the_disk_and_not_in_memory(stack: Stack, service: str) -> None:
    (worker,) = stack.containers(service)
    assert worker.run("python", "-c", "import tempfile; print(tempfile.gettempdir())").strip() == "/scratch"


@pytest.mark.parametrize("service", ["detector_worker", "ensemble_worker"])
async def test_a_killed_worker_costs_its_own_frames_and_comes_back(stack: Stack, jpeg: bytes, service: str) -> None:
    victim = stack.containers(service)[0]
    async with live_session(stack.url, stack.tls, stack.key) as session:
        # As the kernel would; what is ended by `docker kill` is not started again.
        os.kill(victim.facts["State"]["Pid"], signal.SIGKILL)
        for _ in range(20):
            await session.ask(jpeg)
        await wait_until_async(partial(is_result, session, jpeg))
        assert session.ids() == list(range(1, len(session.ids()) + 1))
    await wait_until_async(lambda: asyncio.to_thread(healthy_again, victim), 180)


async def is_result(session: LiveSession, jpeg: bytes) -> bool:
    return isinstance(await session.ask(jpeg), Result)


def healthy_again(container: Container) -> bool:
    facts = Container(container.id).facts
    return facts["RestartCount"] > container.facts["RestartCount"] and facts["State"]["Health"]["Status"] == "healthy"


async def test_a_stopped_member_is_missed_and_votes_again_when_it_is_back(stack: Stack, jpeg: bytes) -> None:
    async def used(session: LiveSession) -> set[str]:
        answer = await session.ask(jpeg)
        return set(answer.members.used) if isinstance(answer, Result) else set()

    async with live_session(stack.url, stack.tls, stack.key) as session:
        await wait_until_async(lambda: used_is(used, session, VOTERS))
        await asyncio.to_thread(stack.compose, "stop", "vgg")
        await wait_until_async(lambda: used_is(used, session, VOTERS - {"vgg"}), 60)
        await asyncio.to_thread(stack.compose, "start", "vgg")
        await wait_until_async(lambda: used_is(used, session, VOTERS), 180)


async def used_is(used, session: LiveSession, expected: set[str]) -> bool:
    return await used(session) == expected


async def test_a_rolling_restart_loses_no_frame_and_no_segment(
    stack: Stack, jobs: JobClient, jpeg: bytes, film: bytes
) -> None:
    before = {container.id: container.service for container in stack.containers()}
    job_id = jobs.submit(film, "film.mp4", fps=25, label="rolling")
    restart = asyncio.create_task(asyncio.to_thread(stack.run, "deploy/rolling_restart.sh"))
    sessions = [asyncio.create_task(frames_until(restart, stack, jpeg)) for _ in range(2)]
    await restart
    for session in sessions:
        assert await session > 20
    after = {container.id: container.service for container in stack.containers()}
    assert {after[same] for same in before.keys() & after.keys()} == {"door", "redis_live", "redis_jobs"}
    assert sorted(after.values()) == sorted(before.values()), "as many of each as before"
    await asyncio.to_thread(stack.wait_until_ready)
    assert (await asyncio.to_thread(jobs.wait, job_id, 120))["errors"] == []
    assert jobs.frames(job_id) == list(range(200))


def test_a_fresh_container_that_fails_is_removed_and_the_old_ones_go_on(stack: Stack) -> None:
    before = stack.compose("ps", "--all", "-q", "ensemble_worker")
    stack.environment["DEPLOY_MEMBERS"] = "nobody"
    try:
        with pytest.raises(StackProblem, match="did not become healthy and is removed"):
            stack.run("deploy/rolling_restart.sh", "ensemble_worker")
    finally:
        del stack.environment["DEPLOY_MEMBERS"]
    assert stack.compose("ps", "--all", "-q", "ensemble_worker") == before


async def frames_until(ended: "asyncio.Task[str]", stack: Stack, jpeg: bytes) -> int:
    """Sends frame after frame as a sound client does, in a new session when one ends; how many results came.

    Whatever a gateway took was answered: its goodbye counts as many frames as there were answers.
    """
    results = 0
    while not ended.done():
        async with live_session(stack.url, stack.tls, stack.key) as session:
            goodbye = await stream(session, ended, jpeg)
            if goodbye is not None:
                assert goodbye.totals.frames == len(session.answers())
            results += sum(isinstance(answer, Result) for answer in session.answers())
    return results


async def stream(session: LiveSession, ended: "asyncio.Task[str]", jpeg: bytes) -> SessionClosed | None:
    """Until the restart has ended, or the gateway has: then its goodbye, which came after the news that it drains."""
    try:
        while not ended.done():
            await session.ask(jpeg)
    except ConnectionClosed:
        await session.until_closed()  # what was under way when sending failed
        assert any(isinstance(message, ServerDraining) for message in session.messages)
        goodbye = session.messages[-1]
        assert isinstance(goodbye, SessionClosed)
        return goodbye
    return None


async def test_a_stop_says_goodbye_to_every_session_through_the_door(stack: Stack, jpeg: bytes) -> None:
    async with live_session(stack.url, stack.tls, stack.key) as session:
        await wait_until_async(partial(is_result, session, jpeg))
        stop = asyncio.create_task(asyncio.to_thread(stack.compose, "stop"))
        try:
            goodbye = await stream(session, stop, jpeg)
            assert goodbye is not None, "everything stopped, and the session did not notice"
            assert session.connection.close_code == 1001
            assert goodbye.totals.frames == len(session.answers())
            assert not any(isinstance(answer, Error) for answer in session.answers())
        finally:
            await stop
            await asyncio.to_thread(stack.up)


def test_jobs_and_their_results_outlive_the_containers(stack: Stack, jobs: JobClient) -> None:
    listed = jobs.ask("GET", "/v1/jobs", params={"label": "kept"}).json()["jobs"]
    rows = jobs.rows(listed[0]["id"])
    key = stack.key
    stack.down()
    stack.up()
    assert stack.key == key, "the second start shows none"
    assert jobs.rows(listed[0]["id"]) == rows
    assert jobs.ask("GET", "/v1/jobs", params={"label": "kept"}).json()["jobs"] == listed


def test_a_back_up_brings_jobs_to_an_empty_platform(stack: Stack, jobs: JobClient, tmp_path: Path) -> None:
    listed = jobs.ask("GET", "/v1/jobs", params={"label": "kept"}).json()["jobs"]
    rows = jobs.rows(listed[0]["id"])
    stack.run("deploy/backup.sh", str(tmp_path))
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "jobs.tar": 0o600,
        "artefacts.tar": 0o600,
    }
    with pytest.raises(StackProblem, match="the platform runs"):
        stack.run("deploy/restore.sh", str(tmp_path))
    stack.down("--volumes")
    stack.run("deploy/restore.sh", str(tmp_path))
    stack.up()
    jobs = JobClient(stack, stack.tls, stack.key)  # the certificates are new
    assert jobs.ask("GET", "/v1/jobs", params={"label": "kept"}).json()["jobs"] == listed
    assert jobs.rows(listed[0]["id"]) == rows


def test_one_server_can_serve_all_members(stack: Stack, jpeg: bytes) -> None:
    stack.environment["DEPLOY_MEMBER_SERVERS"] = "0"
    try:
        stack.compose("--profile", "single-server", "up", "-d", "--no-recreate", "members_together")
        stack.compose("stop", *MEMBERS)
        wait_until(lambda: stack.ready()["ready"] and not stack.ready()["members"]["missing"], 60)
    finally:
        stack.environment["DEPLOY_MEMBER_SERVERS"] = "1"
        stack.compose("start", *MEMBERS)
        stack.compose("--profile", "single-server", "rm", "--stop", "--force", "members_together")
    stack.wait_until_ready()
