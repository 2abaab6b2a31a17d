"""The order of deploy/rolling_restart.sh, told by a `docker` that only writes down what it is asked.

tests/compose runs it with the real one.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.compose_files import OURS, ROOT, services

DOCKER = """#!/bin/sh
# A running container is a file that holds its service.
echo "$*" >>"$CALLS"
cd "$RUNNING"
for last; do :; done
case "$*" in
*"ps --services"*) cat *; echo door; echo redis_live ;;
*"ps -q "*|*"ps -aq "*) grep -lx "$last" * ;;
*"up "*) echo "$last" >"new-$(grep -c ' up ' "$CALLS")" ;;
"inspect "*) if grep -qx "$BROKEN" "$last"; then echo running unhealthy; else echo running healthy; fi ;;
"logs "*) echo "last words of $last" ;;
"stop "*|"rm "*) rm -f "$last" ;;
esac
"""


@pytest.fixture
def restart(tmp_path: Path):
    """restart(service, …, broken=service) -> the ended script, what it asked of docker, and what runs then."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    running = tmp_path / "running"
    running.mkdir()
    for container, service in {"old-1": "gateway", "old-2": "gateway", "old-3": "vgg"}.items():
        (running / container).write_text(f"{service}\n")

    def run(*names: str, broken: str = "none") -> tuple[subprocess.CompletedProcess[str], list[str], set[str]]:
        calls = tmp_path / "calls"
        environment = {
            **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "BROKEN": broken,
            "RUNNING": str(running), "DEPLOY_COMPOSE": "-p some",
        }  # fmt: skip
        script = ROOT / "deploy" / "rolling_restart.sh"
        done = subprocess.run([script, *names], env=environment, capture_output=True, text=True, check=False)
        asked = [call.removeprefix("compose -p some ") for call in calls.read_text().splitlines()]
        return done, asked, {container.name for container in running.iterdir()}

    return run


def test_a_fresh_container_is_healthy_before_an_old_one_is_stopped(restart) -> None:
    done, asked, running = restart("gateway")
    assert (done.returncode, done.stderr) == (0, "")
    start = "up -d --no-deps --no-recreate --scale gateway=3 gateway"
    steps = [" ".join(call.split()[:1] + call.split()[-1:]) for call in asked if not call.startswith("ps")]
    assert asked.count(start) == 2
    assert steps == [
        "rm gateway",
        "up gateway", "inspect new-1", "stop old-1", "rm old-1",
        "up gateway", "inspect new-2", "stop old-2", "rm old-2",
    ]  # fmt: skip
    assert len(running) == 3
    assert not running & {"old-1", "old-2"}


def test_without_names_every_service_of_ours_that_runs_is_replaced(restart) -> None:
    done, asked, _ = restart()
    assert done.stdout == "vgg: old-3 replaced\ngateway: old-1 replaced\ngateway: old-2 replaced\n"
    assert asked[0] == "ps --services"


def test_a_fresh_container_that_does_not_become_healthy_is_removed_and_the_old_ones_go_on(restart) -> None:
    done, asked, running = restart("vgg", "gateway", broken="vgg")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "last words of new-1",
        "vgg: new-1 did not become healthy and is removed; old-3 goes on",
    ]
    assert running == {"old-1", "old-2", "old-3"}
    assert not [call for call in asked if call.startswith("stop") or "gateway" in call]


def test_it_knows_every_service_of_ours_and_every_server_of_members() -> None:
    script = (ROOT / "deploy" / "rolling_restart.sh").read_text()
    known = set(script.partition("ours=(")[2].partition(")")[0].split())
    added = services("deploy/compose.sharded.yml").keys() - services().keys()
    shard = {name for name in added if not name.startswith("redis")}
    assert known == OURS | set(services("deploy/compose.embedded.yml")) | shard


def test_gateways_come_last_for_what_they_offer_must_be_known_behind_them() -> None:
    script = (ROOT / "deploy" / "rolling_restart.sh").read_text()
    assert script.partition("ours=(")[2].partition(")")[0].split()[-2:] == ["gateway", "gateway_b"]
