"""The platform in containers, by the `docker compose` that a user runs: for tests/compose and the containers' soak."""

import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from thespis.ports import free_ports

ROOT = Path(__file__).parent.parent
FILES = ("-f", "docker-compose.yml", "-f", "deploy/compose.embedded.yml")
SCALE = ("--scale", "gateway=2", "--scale", "detector_worker=2", "--scale", "ensemble_worker=2")
ROOT_CERTIFICATE = "/var/lib/thespis-door/caddy/pki/authorities/local/root.crt"
START_TIMEOUT_S = 180.0
POLL_S = 0.2


class StackProblem(AssertionError):
    """Raised when docker fails or the platform doesn't come up, with what was said."""


def docker(*arguments: str, check: bool = True) -> str:
    """What `docker …` prints. Raises StackProblem."""
    done = subprocess.run(("docker", *arguments), capture_output=True, text=True)
    if done.returncode != 0 and check:
        raise StackProblem(f"docker {' '.join(arguments)}:\n{done.stderr[-4000:]}")
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr


class Container:
    """One running container."""

    def __init__(self, container_id: str) -> None:
        self.id = container_id
        self.facts: dict[str, Any] = json.loads(docker("inspect", container_id))[0]
        self.name = self.facts["Name"].removeprefix("/")
        self.service: str = self.facts["Config"]["Labels"]["com.docker.compose.service"]

    @property
    def program(self) -> psutil.Process:
        """Its own first process, which `init` looks after. Raises psutil.NoSuchProcess while it is down."""
        init = psutil.Process(self.facts["State"]["Pid"])
        return next(iter(init.children()), init)

    @property
    def addresses(self) -> list[str]:
        return [network["IPAddress"] for network in self.facts["NetworkSettings"]["Networks"].values()]

    def run(self, *command: str, user: str = "", check: bool = True) -> str:
        """What a command inside prints."""
        return docker("exec", *(("-u", user) if user else ()), self.id, *command, check=check)

    def logs(self) -> str:
        """What it wrote, to both of its outputs."""
        return subprocess.run(
            ("docker", "logs", self.id), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ).stdout


class Stack:
    """One compose project on ports of its own. `url` and `tls` lead through its door, `key` lets in."""

    key = ""

    def __init__(self, folder: Path, project: str) -> None:
        http_port, https_port = free_ports(2)
        self.url = f"https://localhost:{https_port}"
        self.http_url = f"http://localhost:{http_port}"
        self.certificate = folder / "root.crt"
        self.log = folder / "compose.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("THESPIS_", "DEPLOY_"))},
            "DEPLOY_VERSION": project,
            "DEPLOY_ADDRESS": "127.0.0.1",
            "DEPLOY_HTTP_PORT": str(http_port),
            "DEPLOY_HTTPS_PORT": str(https_port),
            "DEPLOY_COMPOSE": " ".join(("-p", project, *FILES)),
        }
        self._project = project

    def run(self, *command: str) -> str:
        """Runs a command of the project's folder. Raises StackProblem."""
        with self.log.open("a") as log:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
            log.write(done.stdout)
        if done.returncode != 0:
            raise StackProblem(f"{' '.join(command)}:\n{self.log.read_text()[-4000:]}")
        return done.stdout

    def compose(self, *arguments: str) -> str:
        return self.run("docker", "compose", "-p", self._project, *FILES, *arguments)

    def up(self) -> None:
        """Returns when a picture could go all the way."""
        self.compose("up", "-d", *SCALE)
        self.tls = ssl.create_default_context()
        (door,) = self.containers("door")
        _wait_until(lambda: "BEGIN" in door.run("cat", ROOT_CERTIFICATE, check=False))
        self.certificate.write_text(door.run("cat", ROOT_CERTIFICATE))
        self.tls.load_verify_locations(self.certificate)
        if made := re.search(r"thespis_[0-9a-f]+_[\w-]+", self.compose("logs", "first_key")):
            self.key = made[0]  # of the first start on these volumes; later ones make none
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        _wait_until(lambda: self.ready()["ready"] and not self.ready()["members"]["missing"])

    def ready(self) -> dict[str, Any]:
        try:
            return dict(self.ask("GET", "/readyz").json())
        except (httpx.TransportError, json.JSONDecodeError):
            return {"ready": False}

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:  # noqa: ANN401  httpx's own
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        with httpx.Client(base_url=self.url, headers=headers, verify=self.tls, trust_env=False, timeout=30) as http:
            return http.request(method, path, **named)

    def containers(self, *services: str) -> list[Container]:
        """The running ones of these services, or all."""
        return [Container(one) for one in self.compose("ps", "-q", *services).split()]

    def down(self, *options: str) -> None:
        self.compose("down", *options)


def _wait_until(predicate: Callable[[], object]) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while not predicate():
        if time.monotonic() > end:
            raise StackProblem(f"the containers were not ready within {START_TIMEOUT_S:g} s")
        time.sleep(POLL_S)
