"""What a long video costs in memory: the same job on a minute and on hours of film."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil

from bench.clips import write_clip
from bench.live import rss_mb
from contracts.jobs import JobOptions
from thespis.client import AsyncClient
from thespis.settings import UpSettings
from thespis.up import passing_platform

SHORT_S = 60.0
FILM_FPS = 2.0
"""Enough for a film of which one frame a second is looked at, and written in a minute."""

LOOK_EVERY_S = 0.2


async def memory_by_length(
    settings: UpSettings, environ: Mapping[str, str], folder: Path, hours: float
) -> list[dict[str, object]]:
    """The highest RSS of each process while a job on a short film runs, then one on a long film; one platform."""
    measured: list[dict[str, object]] = []
    async with passing_platform(settings, environ, 1) as (url, _), AsyncClient(url) as client:
        for seconds in (SHORT_S, hours * 3600):
            film = folder / "film.mp4"
            await asyncio.to_thread(write_clip, film, seconds, FILM_FPS)
            async with _highest_rss() as highest:
                job = await client.wait((await client.submit(film, JobOptions(fps=1.0))).id)
            measured.append({
                "seconds": seconds, "bytes": film.stat().st_size, "state": job.state,
                "frames": job.progress.frames_done, "rss_mb": dict(sorted(highest.items())),
            })  # fmt: skip
    return measured


@contextlib.asynccontextmanager
async def _highest_rss() -> AsyncIterator[dict[str, float]]:
    """Process -> its highest RSS in MB so far, looked at until the block ends; readers of video fold into one."""
    highest: dict[str, float] = {}

    async def look() -> None:
        while True:
            for name, megabytes in rss_mb(psutil.Process()).items():
                highest[name] = max(highest.get(name, 0.0), megabytes)
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.create_task(look())
    try:
        yield highest
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
