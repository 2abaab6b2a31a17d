"""The order of deploy/rolling_restart.sh, told by a `docker` that only writes down what it is asked.

tests/compose runs it with the real one.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.compose_files import OURS, ROOT, services

DOCKER = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
*"ps --services"*) printf 'door\\ngateway\\nredis_live\\nvgg\\n' ;;
*"ps -q gateway") printf 'old-1\\nold-2\\n' ;;
*"ps -q vgg") echo old-3 ;;
*"up "*"$BROKEN"*) echo "container $BROKEN is unhealthy" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def restart(tmp_path: Path):
    """restart(service, …, broken=service) -> the ended script and what it asked of docker."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)

    def run(*names: str, broken: str = "none") -> tuple[subprocess.CompletedProcess[str], list[str]]:
        calls = tmp_path / "calls"
        environment = {
            **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "BROKEN": broken,
            "DEPLOY_COMPOSE": "-p some",
        }  # fmt: skip
        script = ROOT / "deploy" / "rolling_restart.sh"
        done = subprocess.run([script, *names], env=environment, capture_output=True, text=True, check=False)
        return done, [call.removeprefix("compose -p some ") for call in calls.read_text().splitlines()]

    return run


def test_a_fresh_container_is_healthy_before_an_old_one_is_stopped(restart) -> None:
    done, asked = restart("gateway")
    assert done.returncode == 0
    start = "up -d --wait --no-deps --no-recreate --scale gateway=3 gateway"
    changes = [call for call in asked if not call.startswith("ps")]
    assert changes == [
        "rm --force gateway",
        start, "stop old-1", "rm --volumes old-1",
        start, "stop old-2", "rm --volumes old-2",
    ]  # fmt: skip


def test_without_names_every_service_of_ours_that_runs_is_replaced(restart) -> None:
    done, asked = restart()
    assert done.stdout == "vgg: old-3 replaced\ngateway: old-1 replaced\ngateway: old-2 replaced\n"
    assert asked[0] == "ps --services"


def test_a_container_that_does_not_come_up_ends_it_in_composes_words_before_anything_is_stopped(restart) -> None:
    done, asked = restart("vgg", "gateway", broken="vgg")
    assert done.returncode == 1
    assert done.stderr == "container vgg is unhealthy\n"
    assert not [call for call in asked if call.startswith("stop") or "gateway" in call]


def test_it_knows_every_service_of_ours_and_every_server_of_members() -> None:
    script = (ROOT / "deploy" / "rolling_restart.sh").read_text()
    known = set(script.partition("ours=(")[2].partition(")")[0].split())
    added = services("deploy/compose.sharded.yml").keys() - services().keys()
    shard = {name for name in added if not name.startswith("redis")}
    assert known == OURS | set(services("deploy/compose.embedded.yml")) | shard
