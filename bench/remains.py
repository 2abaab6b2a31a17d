"""What a soak leaves behind: how the processes grew, which of them fell, and what lies in Redis after its time."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import psutil
import redis.asyncio

from bench.soaked import Soaked
from jobs.redis_keys import ALL_JOBS

LAST_KEYS_S = 5.0
"""By then all that a deadline keeps in Redis is gone."""

MOST_GROWTH = 1.10
SMALL_MB = 8.0
"""Growth that is the allocator's and not a leak's: a tenth of a small process is less than a page of its pools."""

SPARE_DESCRIPTORS = 8

COMES_AND_GOES = "reader of video"
LASTING_KEYS = (
    "thespis:asked:",
    "thespis:keys",
    "thespis:job:",
    "thespis:job-events:",
    "thespis:jobs:key:",
    "thespis:jobs:of:",
    "thespis:jobs:served",
    "thespis:jobs:changes",
    "thespis:jobs:tidy",
)
"""Celery's queue names, counters that end by themselves, API keys, and what is kept of jobs that have ended."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a process is: resident megabytes and open descriptors."""

    name: str
    rss_mb: float
    descriptors: int


def sizes(soaked: Soaked) -> dict[int, Size]:
    """Of each process by its id: children that read a video come and go under the same name."""
    found = {}
    for name, process in soaked.processes().items():
        with contextlib.suppress(psutil.NoSuchProcess):
            found[process.pid] = Size(name, round(process.memory_info().rss / 1e6, 1), process.num_fds())
    return found


def fallen(before: dict[int, Size], after: dict[int, Size]) -> list[str]:
    return [
        f"{size.name} fell though nothing was killed"
        for pid, size in before.items()
        if pid not in after and not size.name.startswith(COMES_AND_GOES)
    ]


def growth(warm: dict[int, Size], busy: dict[int, Size]) -> list[str]:
    return [
        f"{size.name} grew from {size.rss_mb} to {busy[pid].rss_mb} MB"
        for pid, size in warm.items()
        if pid in busy and busy[pid].rss_mb > max(size.rss_mb * MOST_GROWTH, size.rss_mb + SMALL_MB)
    ]


def descriptors(before: dict[int, Size], after: dict[int, Size]) -> list[str]:
    return [
        f"{size.name} holds {after[pid].descriptors} descriptors, {size.descriptors} before"
        for pid, size in before.items()
        if pid in after and after[pid].descriptors > size.descriptors + SPARE_DESCRIPTORS
    ]


async def leftovers(soaked: Soaked) -> list[str]:
    """What lies in either Redis after its time: pictures, crops, places, tasks, uploads."""
    end = time.monotonic() + LAST_KEYS_S
    while True:
        left = [key for url in soaked.redis_urls() for key in await _keys(url) if not _lasts(key)]
        if not left or time.monotonic() > end:
            return [f"{len(left)} keys are left in Redis: {', '.join(sorted(left)[:5])}"] if left else []
        await asyncio.sleep(0.1)


def _lasts(key: str) -> bool:
    return key == ALL_JOBS or key.startswith(LASTING_KEYS)


async def _keys(url: str) -> list[str]:
    async with redis.asyncio.Redis.from_url(url, decode_responses=True) as client:
        return [str(key) for key in await client.keys("*")]
