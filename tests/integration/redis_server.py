"""A Redis of a test's own, as the platform starts it."""

import contextlib
import subprocess
from collections.abc import Iterator

import redis

from tests.waiting import wait_until
from thespis.plan import redis_command
from thespis.ports import free_ports


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty server that ends with the block."""
    (port,) = free_ports(1)
    with redis_by(redis_command(port), port) as url:
        yield url


@contextlib.contextmanager
def redis_by(command: tuple[str, ...], port: int) -> Iterator[str]:
    """The same for any command that starts a server on this port."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:
            wait_until(lambda: answers(client))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
