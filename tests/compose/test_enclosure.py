"""What can't be reached in the containers, and what they can't do."""

import json
import re
from typing import Any

import pytest

from bench.containers import Container, Stack, docker
from runtime.model_tree import read_ensemble
from tests.platform_process import ROOT

MEMBERS = set(read_ensemble(ROOT / "models").members)
PYTHON_IMAGE = "python:3.11-slim-bookworm"
PORTS = (6379, 8080, 8081, 8443, 8500, 8501, 9100)
CONNECT = """
import concurrent.futures, json, socket, sys
def opens(target):
    try:
        socket.create_connection(target, 2).close()
    except OSError:
        return False
    return True
targets = [tuple(target) for target in json.loads(sys.argv[1])]
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    print(json.dumps([target for target, opened in zip(targets, pool.map(opens, targets)) if opened]))
"""


def reached_from(run: Any, targets: list[tuple[str, int]]) -> list[list[Any]]:
    """Those of the targets that a Python in a container can open a connection to."""
    return list(json.loads(run("python3", "-c", CONNECT, json.dumps(targets)).splitlines()[-1]))


def test_only_the_door_has_published_ports(stack: Stack) -> None:
    published = {
        container.service
        for container in stack.containers()
        if any((container.facts["NetworkSettings"]["Ports"] or {}).values())
    }
    assert published == {"door"}


def test_a_stranger_reaches_no_container_but_by_the_published_ports(stack: Stack) -> None:
    addresses = [address for container in stack.containers() for address in container.addresses]
    targets = [(address, port) for address in addresses for port in PORTS]
    stranger = ("run", "--rm", "--network", "bridge", PYTHON_IMAGE)
    assert reached_from(lambda *command: docker(*stranger, *command), targets) == []


@pytest.mark.parametrize(
    ("service", "may_reach"),
    [
        ("gateway", {"redis_live", "redis_jobs"}),
        ("detector_worker", {"redis_live"}),
        ("ensemble_worker", {"redis_live", *MEMBERS}),
        ("detector_worker_jobs", {"redis_jobs"}),
        ("ensemble_worker_jobs", {"redis_jobs", *MEMBERS}),
        ("job_worker", {"redis_jobs"}),
        ("residual", MEMBERS - {"residual"}),
    ],
)
def test_a_service_reaches_what_it_works_with_and_nothing_else(stack: Stack, service: str, may_reach: set[str]) -> None:
    inner = {
        (address, port): container.service
        for container in stack.containers()
        for address in container.addresses
        for port in (6379, 8500)
        if container.service != service
    }
    (one, *_) = stack.containers(service)
    found = {inner[address, port] for address, port in reached_from(one.run, list(inner))}
    assert found == may_reach


def test_redis_wants_a_password(stack: Stack) -> None:
    for container in stack.containers("redis_live", "redis_jobs"):
        assert "NOAUTH" in container.run("redis-cli", "ping", check=False)


def test_the_password_stands_in_no_environment_and_no_command_line(stack: Stack) -> None:
    (redis_live,) = stack.containers("redis_live")
    password = redis_live.run("cat", "/secrets/redis_password").strip()
    assert len(password) == 64
    for container in stack.containers():
        assert password not in json.dumps(container.facts)
        assert password not in container.run("sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ", check=False)
        assert password not in container.logs()


def test_no_process_is_root_or_has_a_capability(stack: Stack) -> None:
    for container in stack.containers():
        for status in statuses(container):
            assert "0" not in status["Uid"].split(), container.name
            capabilities = {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
            assert {int(value, 16) for value in capabilities} == {0}, container.name
            assert status["NoNewPrivs"] == "1", container.name


def statuses(container: Container) -> list[dict[str, str]]:
    """/proc/…/status of each process."""
    told = container.run("sh", "-c", "for one in /proc/[0-9]*/status; do cat $one 2>/dev/null && echo --; done; true")
    blocks = [block for block in told.split("--\n") if block.strip()]
    assert blocks
    return [
        {name: value.strip() for name, _, value in (line.partition(":") for line in block.splitlines())}
        for block in blocks
    ]


def test_nobody_can_write_a_root_file_system_not_even_root(stack: Stack) -> None:
    for container in stack.containers():
        for folder in ("/", "/usr/bin", "/etc"):
            said = container.run("touch", f"{folder}/probe", user="0", check=False)
            assert "Read-only file system" in said, container.name


def test_every_container_has_limits(stack: Stack) -> None:
    for container in stack.containers():
        limits = container.facts["HostConfig"]
        assert 0 < limits["Memory"] <= 1024**3, container.name
        assert 0 < limits["PidsLimit"] <= (1024 if container.service in MEMBERS else 256), container.name
        assert limits["Init"], container.name
        assert container.facts["Config"]["StopTimeout"], container.name
        assert container.facts["State"]["Health"]["Status"] in ("healthy", "starting"), container.name


def test_a_process_that_falls_leaves_no_core(stack: Stack) -> None:
    for container in stack.containers():
        (limit,) = re.findall(r"^Max core file size\s+(\d+)\s+\1\s", container.run("cat", "/proc/self/limits"), re.M)
        assert int(limit) <= 1, container.name


def test_the_doors_log_tells_of_requests_without_their_tickets(stack: Stack) -> None:
    ticket = "a-ticket-that-opens-a-file"
    stack.compose("stop", "gateway")
    try:
        assert stack.ask("GET", "/v1/jobs/one/annotated", params={"ticket": ticket}).status_code >= 500
    finally:
        stack.compose("start", "gateway")
        stack.wait_until_ready()
    (door,) = stack.containers("door")
    assert "/v1/jobs/one/annotated" in door.logs()
    assert ticket not in door.logs()


def test_images_are_small(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    bases = {"door": "caddy:2"}
    grown = {}
    for image in ("door", "gateway", "detector_worker", "ensemble_worker", "job_worker", "model_server"):
        size, base = size_of(f"thespis/{image}:thespis-compose-test"), size_of(bases.get(image, PYTHON_IMAGE))
        grown[image] = round((size - base) / 1e6)
    with capsys.disabled():
        print("\nMB on top of the base image:", ", ".join(f"{image} {size}" for image, size in grown.items()))
    assert max(grown.values()) <= 300


def size_of(image: str) -> int:
    return int(docker("image", "inspect", "-f", "{{.Size}}", image))
