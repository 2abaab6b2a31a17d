"""Real sessions against a running platform: each sends frames at its rate and takes every answer."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np
import psutil

from contracts.protocol import Dropped, Error, Result, SessionUpdate
from thespis.streaming import Stream, open_stream

WARM_UP_S = 1.0
LAST_ANSWERS_S = 2.0

SETTLED_BELOW = 0.2
"""Processors that an idle platform takes less than: 0.01 to 0.06 measured, 1.9 while what serves jobs comes up."""

SETTLES_WITHIN_S = 60.0

AnswerT = TypeVar("AnswerT")


@dataclass(slots=True)
class Tally:
    """What came back within the measured time; latencies from sending to receiving, in milliseconds."""

    sent: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def room_for(sessions: int) -> dict[str, str]:
    """The settings of a platform that lets in so many, all of them from this machine."""
    return {"THESPIS_MAX_SESSIONS": str(sessions), "THESPIS_MAX_SESSIONS_PER_ADDRESS": str(sessions)}


@dataclass(frozen=True, slots=True)
class _Load:
    """What all sessions of one measurement share."""

    url: str
    fps: float
    frames: list[bytes]
    profile: str
    window: tuple[float, float]
    tally: Tally
    opened: asyncio.Semaphore
    """Released once by each."""
    beside: "asyncio.Task[None]"
    """None of them closes before it has ended."""


async def measure_sessions(
    url: str,
    count: int,
    fps: float,
    seconds: float,
    frames: list[bytes],
    root: psutil.Process,
    profile: str = "default",
    when_open: Callable[[], Awaitable[None]] | None = None,
) -> dict[str, object]:
    """`count` sessions at `fps` for `seconds`; `root` is the platform's first process, `profile` the vote they wish.

    `when_open` is called once all of them are open, and none closes before it has ended.
    """
    tally, opened = Tally(), asyncio.Semaphore(0)
    beside = asyncio.create_task(_after(opened, count, when_open))
    started = time.perf_counter() + WARM_UP_S
    load = _Load(url, fps, frames, profile, (started, started + seconds), tally, opened, beside)
    sessions = [asyncio.create_task(_session(load, index / count / fps)) for index in range(count)]
    await asyncio.sleep(WARM_UP_S)
    before = cpu_seconds(root)
    await asyncio.sleep(seconds)
    after = cpu_seconds(root)
    memory = rss_mb(root)
    try:
        await asyncio.gather(beside, *sessions)
    finally:
        beside.cancel()
    answered = len(tally.latencies_ms)
    p50, p95, p99 = np.percentile(tally.latencies_ms, [50, 95, 99]) if answered else (0.0, 0.0, 0.0)
    return {
        "sessions": count,
        "fps_offered": round(tally.sent / seconds, 1),
        "answered_per_s": round(answered / seconds, 1),
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
        "p99_ms": round(float(p99), 2),
        "dropped": dict(tally.dropped),
        "cpu_ms_per_frame": {
            name: round((spent - before.get(name, 0.0)) * 1000 / max(1, answered), 2) for name, spent in after.items()
        },
        "rss_mb": memory,
    }


async def settled(root: psutil.Process) -> None:
    """Returns when what has been started below `root` has come up. Raises TimeoutError."""
    async with asyncio.timeout(SETTLES_WITHIN_S):
        busy = math.inf
        while busy > SETTLED_BELOW:
            before = sum(cpu_seconds(root).values())
            await asyncio.sleep(1.0)
            busy = sum(cpu_seconds(root).values()) - before


async def _after(opened: asyncio.Semaphore, count: int, when_open: Callable[[], Awaitable[None]] | None) -> None:
    if when_open is not None:
        for _ in range(count):
            await opened.acquire()
        await when_open()


async def _session(load: _Load, delay_s: float) -> None:
    started, ended = load.window
    async with open_stream(load.url) as stream:
        load.opened.release()
        await stream.update(SessionUpdate(vote_profile=load.profile))
        sent_at: dict[int, float] = {}
        receiving = asyncio.create_task(_receive(stream, sent_at, load))
        next_at = time.perf_counter() + delay_s
        step = 0
        while (now := time.perf_counter()) < ended:
            if now < next_at:
                await asyncio.sleep(next_at - now)
                continue
            frame_id = await stream.send(load.frames[step % len(load.frames)])
            sent_at[frame_id] = next_at  # a load that lags must not hide what a client would wait
            load.tally.sent += started <= next_at < ended
            step += 1
            next_at += 1 / load.fps
        while sent_at and time.perf_counter() < ended + LAST_ANSWERS_S:
            await asyncio.sleep(0.01)
        await asyncio.wait([load.beside])
        receiving.cancel()


async def _receive(stream: Stream, sent_at: dict[int, float], load: _Load) -> None:
    async for message in stream:
        now = time.perf_counter()
        if not isinstance(message, Result | Dropped | Error) or message.frame_id is None:
            continue
        sent = sent_at.pop(message.frame_id, now)
        if not load.window[0] <= sent < load.window[1]:
            continue
        if isinstance(message, Result):
            load.tally.latencies_ms.append((now - sent) * 1000)
        else:
            load.tally.dropped[message.reason if isinstance(message, Dropped) else message.code] += 1


def processes(root: psutil.Process) -> dict[str, psutil.Process]:
    """The platform's processes by name; a member is named by itself."""
    named: dict[str, psutil.Process] = {}
    for child in root.children(recursive=True):
        command: list[str] = _asked(child.cmdline, [])
        name = next((part.split("=", 1)[1] for part in command if part.startswith("--model_name=")), None)
        if name is None and "-m" in command:
            name = command[command.index("-m") + 1]
        name = name or ("redis" if "valkey" in "".join(command) else "reader of video")
        taken = sum(other == name or other.startswith(f"{name}.") for other in named)
        named[name if not taken else f"{name}.{taken + 1}"] = child
    return named


def cpu_seconds(root: psutil.Process) -> dict[str, float]:
    """Processor time each process has used so far; `client` is this one, the load itself."""
    spent = {name: _asked(partial(_cpu_of, child), 0.0) for name, child in processes(root).items()}
    return {**spent, "client": _cpu_of(psutil.Process())}


def _cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def rss_mb(root: psutil.Process) -> dict[str, float]:
    return {name: _asked(partial(_rss_of, child), 0.0) for name, child in processes(root).items()}


def _rss_of(process: psutil.Process) -> float:
    return round(process.memory_info().rss / 1e6, 1)


def _asked(ask: Callable[[], AnswerT], otherwise: AnswerT) -> AnswerT:
    """What a process says of itself; one that reads a segment of a video may have ended meanwhile."""
    try:
        return ask()
    except psutil.NoSuchProcess:
        return otherwise
