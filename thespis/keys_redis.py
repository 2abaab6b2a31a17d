"""Where the API keys of a platform lie: the jobs Redis that is told, or that of the data folder, running or not."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import redis
import redis.backoff
import redis.retry

from jobs.settings import JobSettings
from runtime.parent import end_with_parent
from runtime.settings import read_settings, variable
from thespis.data_folder import FolderTaken, address_file, own_folder, password_file, redis_password
from thespis.plan import jobs_redis_command, redis_url
from thespis.ports import free_ports

TOLD = variable("jobs_redis_url")
STARTED = redis.retry.Retry(redis.backoff.ExponentialBackoff(cap=1.0, base=0.05), 15)
"""It may just start, or read its records: within some ten seconds."""

CONNECTS_WITHIN_S = 1.0

ENDS_WITHIN_S = 10.0


@contextlib.contextmanager
def keys_redis(data_path: Path, environ: Mapping[str, str]) -> Iterator["redis.Redis"]:
    """Raises redis.RedisError, BadSetting, FolderTaken when a platform on this folder is just starting."""
    if any(name in environ for name in (TOLD, f"{TOLD}_FILE")):
        with _client(read_settings(JobSettings, environ).jobs_redis_url) as client:
            yield client
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(own_folder(data_path))
        except FolderTaken:
            url = running_url(data_path)
        else:
            url = stack.enter_context(_started(data_path))
        yield stack.enter_context(_client(url))


def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, retry=STARTED, socket_connect_timeout=CONNECTS_WITHIN_S)


def running_url(data_path: Path) -> str:
    """The jobs Redis of the platform that runs on this folder. Raises FolderTaken."""
    try:
        url = address_file(data_path).read_text()
    except FileNotFoundError as problem:
        raise FolderTaken(f"the platform on {data_path} is just starting or ending: try again") from problem
    if not url:
        raise FolderTaken(
            f"the platform on {data_path} runs without jobs and asks for no keys: there are none to look at"
        )
    return url


@contextlib.contextmanager
def _started(data_path: Path) -> Iterator[str]:
    """A server on the folder's own records, for as long as the command takes."""
    (port,) = free_ports(1)
    folder = data_path.resolve()
    with redis_password(folder) as password:
        command = jobs_redis_command(port, folder / "redis", password_file(folder))
        ends_with_us = partial(end_with_parent, os.getpid(), signal.SIGTERM)
        server = subprocess.Popen(command, preexec_fn=ends_with_us)  # noqa: S603  our own program, and one thread
        try:
            yield redis_url(port, password)
        finally:
            server.terminate()
            server.wait(ENDS_WITHIN_S)
