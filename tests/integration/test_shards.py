"""Two live Redis, each with a gateway and workers of its own, over the same members and jobs (docs/scaling.md)."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import redis

from contracts.protocol import Error
from runtime.model_tree import read_ensemble
from tests.integration.job_client import JobClient
from tests.integration.live_session import live_session
from tests.integration.redis_server import redis_by
from tests.platform_process import PATIENT, ROOT
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until
from thespis.plan import jobs_redis_command, redis_command
from thespis.ports import free_ports

pytestmark = pytest.mark.long

ENSEMBLE = read_ensemble(ROOT / "models")
SHARDS = 2


@dataclass
class Shard:
    """One gateway and what serves its sessions. `log` is where JobClient looks for the data folder."""

    url: str
    log: Path
    redis_url: str
    live_redis: contextlib.ExitStack


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[None]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("THESPIS_")} | environment
    process = subprocess.Popen(command, cwd=ROOT, env=given)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shard]]:
    folder = tmp_path_factory.mktemp("shards")
    with contextlib.ExitStack() as stack:
        # All at once: not all of them are listened on before the last is needed.
        jobs_port, *ports = free_ports(1 + 2 * SHARDS + len(ENSEMBLE.members))
        gateway_ports, redis_ports, member_ports = ports[:SHARDS], ports[SHARDS : 2 * SHARDS], ports[2 * SHARDS :]
        targets = dict(zip(ENSEMBLE.members, member_ports, strict=True))
        shared = {
            "THESPIS_JOBS_REDIS_URL": f"redis://127.0.0.1:{jobs_port}/0",
            "THESPIS_ARTEFACTS_URL": f"file://{folder}/data/artefacts",
            "THESPIS_MEMBERS": ",".join(f"{name}=127.0.0.1:{port}" for name, port in targets.items()),
            "THESPIS_JOBS_STAND_BACK": "false",
            **PATIENT,
        }
        stack.enter_context(running(*jobs_redis_command(jobs_port, folder / "redis")))
        for name, port in targets.items():
            flags = (f"--port={port}", f"--model_name={name}", f"--model_base_path={ROOT / 'models' / name}")
            stack.enter_context(running(*python("model_server", *flags, f"--model_file={ENSEMBLE.bare_machine_file}")))
        for arguments in (("jobs",), ("detector_worker", "jobs"), ("ensemble_worker", "jobs")):
            stack.enter_context(running(*python(*arguments), **shared))
        started = [
            stack.enter_context(shard(folder, shared, port, redis_port))
            for port, redis_port in zip(gateway_ports, redis_ports, strict=True)
        ]
        for one in started:
            wait_until(partial(is_ready, one.url), 60)
        yield started


@contextlib.contextmanager
def shard(folder: Path, shared: dict[str, str], port: int, redis_port: int) -> Iterator[Shard]:
    with contextlib.ExitStack() as live_redis, contextlib.ExitStack() as programs:
        redis_url = live_redis.enter_context(redis_by(redis_command(redis_port), redis_port))
        environment = shared | {"THESPIS_REDIS_URL": redis_url, "THESPIS_PORT": str(port)}
        for name in ("gateway", "detector_worker", "ensemble_worker"):
            programs.enter_context(running(*python(name), **environment))
        yield Shard(f"http://127.0.0.1:{port}", folder / "up.log", redis_url, live_redis)


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"{url}/readyz", trust_env=False, timeout=10)
        return answer.status_code == 200 and not answer.json()["members"]["missing"]
    return False


async def test_a_shard_serves_its_sessions_over_its_own_redis(shards: list[Shard], frames: list[bytes]) -> None:
    one, other = shards
    rung = [rings(shard) for shard in shards]
    async with live_session(one.url) as session:
        results = [await session.result(jpeg) for jpeg in frames[:10]]
    assert all(len(result.faces) == 1 for result in results)
    assert rings(one) > rung[0]
    assert rings(other) == rung[1], "a frame of the one shard went through the other's Redis"


def rings(shard: Shard) -> int:
    """How often a bell was rung in a shard's Redis: the only scripts there."""
    with redis.Redis.from_url(shard.redis_url) as client:
        return int(client.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"])


def test_jobs_belong_to_all_shards(shards: list[Shard], frames: list[bytes], tmp_path: Path) -> None:
    one, other = (JobClient(shard) for shard in shards)
    job_id = one.submit(write_motion_jpeg(tmp_path / "clip.avi", frames * 2), fps=5)
    assert other.wait(job_id)["state"] == "succeeded"
    assert other.frames(job_id) == list(range(20))


async def test_a_shard_whose_redis_falls_takes_no_other_with_it(shards: list[Shard], jpeg: bytes) -> None:
    one, other = shards
    async with live_session(one.url) as fallen, live_session(other.url) as standing:
        await fallen.result(jpeg)
        one.live_redis.close()
        answer = await fallen.ask(jpeg)
        assert isinstance(answer, Error)
        assert answer.code == "unavailable"
        for _ in range(5):
            await standing.result(jpeg)
