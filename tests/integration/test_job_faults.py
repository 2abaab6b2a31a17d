"""Something dies in the middle of a job: every sampled frame is in its results once, or the missing ones are named."""

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis

from jobs.plan import TICKS_PER_SEGMENT
from tests.integration.job_client import JobClient
from tests.platform_process import Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until

pytestmark = pytest.mark.long

WORKERS = ("-m detector_worker jobs", "-m ensemble_worker jobs", "-m jobs")
KILLS = 20


@pytest.fixture(scope="module")
def sturdy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    log = tmp_path_factory.mktemp("job faults") / "up.log"
    with Platform(log, THESPIS_DETECTORS="1", THESPIS_SWEEP_ORPHANS_S="1") as platform:
        yield platform


@pytest.fixture
def jobs(sturdy: Platform) -> Iterator[JobClient]:
    """Each test leaves nothing behind but the results of the jobs that ended well."""
    client = JobClient(sturdy)
    wait_until(lambda: all(map(sturdy.children_with, WORKERS)) and answers(client))
    yield client
    well = [job["id"] for job in client.ask("GET", "/v1/jobs").json()["jobs"] if "succeeded" in job["state"]]
    client.only_results_are_left(*well)
    for job_id in well:
        client.ask("DELETE", f"/v1/jobs/{job_id}")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]) -> Path:
    """Twenty seconds, 25 frames each with one face."""
    return write_motion_jpeg(tmp_path_factory.mktemp("clip") / "clip.avi", frames * 10, 25.0)


def ended_well(jobs: JobClient, job_id: str, frames: int, timeout_s: float = 90.0) -> dict[str, Any]:
    """The ended job, of which each frame is in the results once or in a segment that it names."""
    job = jobs.wait(job_id, timeout_s)
    missing = {
        frame
        for error in job["errors"]
        for frame in range(
            error["segment"] * TICKS_PER_SEGMENT, min((error["segment"] + 1) * TICKS_PER_SEGMENT, frames)
        )
    }
    assert job["state"] == ("partially_succeeded" if missing else "succeeded"), job
    assert jobs.frames(job_id) == [frame for frame in range(frames) if frame not in missing]
    assert job["progress"]["frames_total"] == frames
    return job


def kill(platform: Platform, word: str) -> psutil.Process:
    """Kills the process that has `word` in its command line, as soon as there is one."""
    found: list[psutil.Process] = []
    wait_until(lambda: found.extend(platform.children_with(word)) or found)
    with contextlib.suppress(psutil.NoSuchProcess):
        found[0].kill()
        found[0].wait(20)  # so that the next to be killed is another
    return found[0]


def kill_a_member_of_jobs(platform: Platform, name: str) -> None:
    """Kills the model server that votes on a job's faces."""
    wait_until(lambda: platform.children_with("-m ensemble_worker jobs"))
    kill(platform, f"--port={platform.member_port(name, jobs=True)}")


def jobs_redis(platform: Platform) -> psutil.Process:
    """The one of the two that works in the data folder; Valkey's title tells its address and no more."""
    found: list[psutil.Process] = []

    def look() -> bool:
        for process in platform.children_with("valkey-server"):
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()).name == "redis":
                    found.append(process)
        return bool(found)

    wait_until(look)
    return found[0]


def away(jobs: JobClient, job_id: str) -> None:
    """Lets the job come half a step on, so that what happens next happens in the midst of it."""
    before = jobs.done(job_id)
    with contextlib.suppress(AssertionError):
        wait_until(lambda: jobs.done(job_id) > before or jobs.ended(job_id), 1.0)


def test_twenty_kills_of_workers_lose_and_double_no_frame(sturdy: Platform, jobs: JobClient, clip: Path) -> None:
    chance = random.Random(4)
    job_id = jobs.submit(clip, fps=25, label="kills")
    killed = [kill(sturdy, chance.choice(WORKERS)).pid for _ in range(KILLS) if not away(jobs, job_id)]
    assert len(set(killed)) == KILLS
    ended_well(jobs, job_id, 500)


def test_jobs_redis_that_is_killed_comes_back_with_the_job(sturdy: Platform, jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip, fps=25)
    for _ in range(2):
        away(jobs, job_id)
        jobs_redis(sturdy).kill()
    assert ended_well(jobs, job_id, 500)["errors"] == []


def test_while_a_member_is_gone_the_others_vote(sturdy: Platform, jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip, fps=25, votes=True)
    wait_until(lambda: jobs.done(job_id) > 0)
    for _ in range(3):
        kill_a_member_of_jobs(sturdy, "baseline")
        away(jobs, job_id)
    assert ended_well(jobs, job_id, 500)["errors"] == []
    voted = [set(row["votes"]) for row in jobs.rows(job_id)]
    everybody = set().union(*voted)
    assert "baseline" in everybody
    assert all(votes >= everybody - {"baseline"} for votes in voted)
    without = sum("baseline" not in votes for votes in voted)
    assert without > 0
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/summary").json()["frames_without_member"] == {"baseline": without}


def test_a_gateway_that_is_killed_costs_a_running_job_nothing(sturdy: Platform, jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip, fps=10)
    kill(sturdy, "-m gateway")
    assert ended_well(jobs, job_id, 200)["errors"] == []


def test_an_upload_whose_gateway_is_killed_leaves_no_file(sturdy: Platform, jobs: JobClient, clip: Path) -> None:
    redis_url = sturdy.child("-m gateway").environ()["THESPIS_JOBS_REDIS_URL"]
    host, _, port = jobs.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n"
            b"Content-Type: multipart/form-data; boundary=e\r\n\r\n"
            b'--e\r\nContent-Disposition: form-data; name="video"; filename="a.avi"\r\n\r\n'
            + clip.read_bytes()[:3_000_000]
        )
        wait_until(lambda: jobs.files())
        kill(sturdy, "-m gateway")
    with redis.Redis.from_url(redis_url) as client:  # what a dead gateway no longer renews runs out by itself, later
        (key,) = client.keys("thespis:jobs:upload:*")
        assert 0 < client.ttl(key) <= 120
        client.delete(key)
    wait_until(lambda: not jobs.files())
    wait_until(lambda: answers(jobs))
    assert ended_well(jobs, jobs.submit(clip, fps=1), 20)["errors"] == []


def answers(jobs: JobClient) -> bool:
    try:
        return jobs.ask("GET", "/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("worker", WORKERS)
def test_a_job_is_cancelled_while_a_worker_is_down(sturdy: Platform, jobs: JobClient, clip: Path, worker: str) -> None:
    job_id = jobs.submit(clip, fps=25)
    wait_until(lambda: jobs.done(job_id) > 0)
    kill(sturdy, worker)
    assert jobs.ask("POST", f"/v1/jobs/{job_id}/cancel").status_code == 202
    kill(sturdy, worker)
    assert jobs.wait(job_id)["state"] == "cancelled"
