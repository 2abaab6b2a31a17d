"""Overload: ten times the sessions that the platform can answer, what comes of them, and how soon it is over."""

import asyncio
import math
import os
import time
from collections import Counter
from functools import partial
from statistics import median
from typing import Any

import psutil

from bench.live import measure_sessions, room_for
from contracts.protocol import Result
from runtime.settings import read_settings
from thespis.errors import Unreachable
from thespis.settings import UpSettings
from thespis.streaming import open_stream
from thespis.up import passing_platform

FEWEST_SESSIONS = 4
MOST_SESSIONS = 64
PEAK_FPS = 25.0
ROUNDS = 3
TIMES = 10
TOO_MANY = 5
TARGET = 0.8
"""Of the peak's results a second. A machine's noise is some points of it, so missing it is told and breaks nothing."""

COLLAPSED = 0.5
"""Below this it is no noise: what is late is not dropped before it costs."""

MORE = 1.05
"""Times the results that twice as many sessions must have, or the peak is found."""

RECOVERY_S = 10.0
CALM_ANSWERS = 10
"""So many results in a row, without a frame dropped between, and the overload is over."""

Row = dict[str, Any]
"""What `measure_sessions` tells."""


async def measure_overload(fps: float, seconds: float, frames: list[bytes]) -> dict[str, object]:
    """`ROUNDS` times in turn the peak, then `TIMES` as many sessions of `fps` as it serves; shares are of medians.

    The load runs on the machine that it measures, and ten times the sessions take ten times its processor time. So a
    share compares results a second of a processor that the load left to the platform; `answered_per_s` is as it was.
    `missed` tells a target that was not reached. `problems` is empty when nothing broke.
    """
    peak_sessions, peak = await _peak(seconds, frames)
    count = TIMES * math.ceil(peak / fps)
    environment = {**os.environ, **room_for(count), "THESPIS_LOG_LEVEL": "error"}
    root = psutil.Process()
    rounds: list[Row] = []
    refused: Counter[str] = Counter()
    async with passing_platform(read_settings(UpSettings, environment), environment) as (url, _):
        for _ in range(ROUNDS):
            peak_row = await measure_sessions(url, peak_sessions, PEAK_FPS, seconds, frames, root)
            refuse = partial(_refuse, url, refused)
            row = await measure_sessions(url, count, fps, seconds, frames, root, when_open=refuse)
            rounds.append({"peak": peak_row, "overload": row, "recovered_s": await _recovery(url, fps, frames)})
    return judge(rounds, refused)


def judge(rounds: list[Row], refused: Counter[str]) -> dict[str, object]:
    """The report on rounds of `peak`, `overload` and `recovered_s`, and on what each session too many was told."""
    share = median(_per_processor(turn["overload"]) / _per_processor(turn["peak"]) for turn in rounds)
    missed = [f"{share:.0%} of the peak; {TARGET:.0%} wanted"] if share < TARGET else []
    problems = [f"{share:.0%} of the peak: it collapsed"] if share < COLLAPSED else []
    if refused.total() != len(rounds) * TOO_MANY or any("too_many_sessions" not in reason for reason in refused):
        problems.append(f"{len(rounds) * TOO_MANY} sessions too many were met with {dict(refused)}")
    if any(turn["recovered_s"] is None for turn in rounds):
        problems.append(f"still dropping frames {RECOVERY_S:g} s after the overload")
    return {"rounds": rounds, "share_of_peak": round(share, 3), "refused": dict(refused),
            "missed": missed, "problems": problems}  # fmt: skip


def _per_processor(row: Row) -> float:
    """Results a second of each processor that the load left to the platform."""
    answered: float = row["answered_per_s"]
    load: float = answered * row["cpu_ms_per_frame"]["client"] / 1000
    return answered / (len(os.sched_getaffinity(0)) - load)


async def _peak(seconds: float, frames: list[bytes]) -> tuple[int, float]:
    """How many sessions it has most results a second for, and how many: twice as many until they get no more."""
    environment = {**os.environ, **room_for(MOST_SESSIONS), "THESPIS_LOG_LEVEL": "error"}
    rows: list[Row] = []
    async with passing_platform(read_settings(UpSettings, environment), environment) as (url, _):
        count = FEWEST_SESSIONS
        while count <= MOST_SESSIONS:
            rows.append(await measure_sessions(url, count, PEAK_FPS, seconds, frames, psutil.Process()))
            if len(rows) > 1 and rows[-1]["answered_per_s"] < MORE * rows[-2]["answered_per_s"]:
                break
            count *= 2
    best = max(rows, key=lambda row: float(row["answered_per_s"]))
    return best["sessions"], best["answered_per_s"]


async def _refuse(url: str, told: Counter[str]) -> None:
    """Counts what clients are told that come when all places are taken."""
    for _ in range(TOO_MANY):
        try:
            async with open_stream(url):
                told["let in"] += 1
        except (ConnectionError, Unreachable) as problem:
            told[str(problem)] += 1


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
