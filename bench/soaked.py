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

    def redis_urls(self) -> list[str]:
        """Of the live one and that of jobs, as this machine reaches them."""
        ...


class Bare:
    """What `thespis up` starts, under this process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key: str | None = None

    def processes(self) -> dict[str, psutil.Process]:
        return processes(psutil.Process())

    def redis_urls(self) -> list[str]:
        environment = self.processes()["gateway"].environ()
        return [environment[name] for name in ("THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL")]


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

    def redis_urls(self) -> list[str]:
        gateway, *_ = self._stack.containers("gateway")
        urls = []
        for file, service in (("redis_url", "redis_live"), ("jobs_redis_url", "redis_jobs")):
            (container,) = self._stack.containers(service)
            url = gateway.run("cat", f"/secrets/{file}").strip()
            urls.append(url.replace(f"@{service}:", f"@{container.addresses[0]}:"))
        return urls
