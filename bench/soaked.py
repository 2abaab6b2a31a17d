"""What a soak is put on: processes of this machine, or containers."""

import contextlib
from typing import Protocol

import psutil

from bench.containers import Stack
from bench.live import processes


class Soaked(Protocol):
    """A running platform: `url` and `key` let in; its processes by name; a second of a kind has a dot and a number."""

    url: str
    key: str | None

    def processes(self) -> dict[str, psutil.Process]: ...

    def live_redis(self) -> str:
        """Its URL as this machine reaches it."""
        ...


class Bare:
    """What `thespis up` starts, under this process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key: str | None = None

    def processes(self) -> dict[str, psutil.Process]:
        return processes(psutil.Process())

    def live_redis(self) -> str:
        return self.processes()["gateway"].environ()["THESPIS_REDIS_URL"]


class Contained:
    """Containers of this machine, through their front door."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.url = stack.url
        self.key: str | None = stack.key

    def processes(self) -> dict[str, psutil.Process]:
        found = {}
        for container in self._stack.containers():
            with contextlib.suppress(psutil.NoSuchProcess):
                number = container.name.rpartition("-")[2]
                found[container.service if number == "1" else f"{container.service}.{number}"] = container.program
        return found

    def live_redis(self) -> str:
        (gateway, *_), (redis_live,) = (self._stack.containers(name) for name in ("gateway", "redis_live"))
        return gateway.run("cat", "/secrets/redis_url").strip().replace("@redis_live:", f"@{redis_live.addresses[0]}:")
