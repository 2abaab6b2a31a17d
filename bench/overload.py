"""Overload: ten times the sessions that the platform can answer, what comes of them, and how soon it is over."""

import asyncio
import math
import os
import time
from collections import Counter

import psutil

from bench.live import measure_sessions
from contracts.protocol import Result
from runtime.settings import read_settings
from thespis.errors import Unreachable
from thespis.settings import UpSettings
from thespis.streaming import open_stream
from thespis.up import passing_platform

PEAK_SESSIONS = (4, 8)
PEAK_FPS = 25.0
TIMES = 10
TOO_MANY = 5
LEAST_OF_PEAK = 0.8
RECOVERY_S = 10.0
CALM_ANSWERS = 10
"""So many results in a row, without a frame dropped between, and the overload is over."""


async def measure_overload(settings: UpSettings, fps: float, seconds: float, frames: list[bytes]) -> dict[str, object]:
    """Peak, then `TIMES` as many sessions of `fps` as the peak serves. `problems` is empty when all held.

    The load's own processor time counts against the platform: both share the machine.
    """
    peak = await _peak(settings, seconds, frames)
    count = TIMES * math.ceil(float(str(peak["answered_per_s"])) / fps)
    room = {"THESPIS_MAX_SESSIONS": str(count), "THESPIS_MAX_SESSIONS_PER_ADDRESS": str(count)}
    environment = {**os.environ, **room, "THESPIS_LOG_LEVEL": "error"}
    async with passing_platform(read_settings(UpSettings, environment), environment) as (url, _):
        root = psutil.Process()
        measuring = asyncio.create_task(measure_sessions(url, count, fps, seconds, frames, root))
        refusing = asyncio.create_task(_refusals(url, seconds / 2))
        overload = await measuring
        refused = await refusing
        recovered_s = await _recovery(url, fps, frames)
    share = float(str(overload["answered_per_s"])) / float(str(peak["answered_per_s"]))
    problems = []
    if share < LEAST_OF_PEAK:
        problems.append(f"{share:.0%} of the peak; {LEAST_OF_PEAK:.0%} expected")
    if refused.total() != TOO_MANY or any("too_many_sessions" not in reason for reason in refused):
        problems.append(f"{TOO_MANY} sessions too many were met with {dict(refused)}")
    if recovered_s is None:
        problems.append(f"still dropping frames {RECOVERY_S:g} s after the overload")
    return {"peak": peak, "overload": overload, "share_of_peak": round(share, 3), "refused": dict(refused),
            "recovered_s": recovered_s, "problems": problems}  # fmt: skip


async def _peak(settings: UpSettings, seconds: float, frames: list[bytes]) -> dict[str, object]:
    """The most results a second that it gives to sessions it has room for."""
    environment = {**os.environ, "THESPIS_LOG_LEVEL": "error"}
    async with passing_platform(settings, environment) as (url, _):
        rows = [
            await measure_sessions(url, count, PEAK_FPS, seconds, frames, psutil.Process()) for count in PEAK_SESSIONS
        ]
    return max(rows, key=lambda row: float(str(row["answered_per_s"])))


async def _refusals(url: str, after_s: float) -> Counter[str]:
    """What clients are told that come when all places are taken."""
    await asyncio.sleep(after_s)
    told: Counter[str] = Counter()
    for _ in range(TOO_MANY):
        try:
            async with open_stream(url):
                told["let in"] += 1
        except (ConnectionError, Unreachable) as problem:
            told[str(problem)] += 1
    return told


async def _recovery(url: str, fps: float, frames: list[bytes]) -> float | None:
    """Seconds until a session is answered frame by frame again; None when it isn't within `RECOVERY_S`."""
    started = time.monotonic()
    async with open_stream(url) as stream:
        calm = step = 0
        while time.monotonic() - started < RECOVERY_S:
            if calm == 0:
                since = time.monotonic()
            await stream.send(frames[step % len(frames)])
            calm = calm + 1 if isinstance(await stream.receive(), Result) else 0
            step += 1
            if calm == CALM_ANSWERS:
                return round(since - started, 2)
            await asyncio.sleep(1 / fps)
    return None
