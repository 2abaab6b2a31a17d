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
    process = subprocess.Popen(redis_command(port))
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
