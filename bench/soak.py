"""Endurance: sessions, jobs, bad frames and clients that vanish, first while processes are killed, then without.

What must hold: every frame is answered once, but for those whose connection fell with its gateway; every job has every
frame once; without kills most frames have results, no service falls or grows by more than a tenth (or `SMALL_MB`), and
neither a descriptor nor a key of Redis is left behind.
"""

import asyncio
import base64
import contextlib
import math
import random
import time
import uuid
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets import ConnectionClosed, WebSocketException

from bench.remains import Size, descriptors, fallen, growth, leftovers, sizes
from bench.soaked import Soaked
from contracts.jobs import JobOptions
from contracts.protocol import Dropped, Error, Result, ServerMessage
from thespis.calls import bearer, trusted
from thespis.client import AsyncClient, ThespisError, Unreachable
from thespis.streaming import Stream, open_stream

RATES = (1.0, 2.0, 5.0, 5.0, 10.0, 10.0, 15.0, 25.0)
"""Frames a second of the eight sessions."""

BAD_FRAME = b"\xff\xd8\xff not a picture"
BAD_EVERY = 20
LAST_ANSWERS_S = 5.0
TRY_AGAIN_AFTER_S = 0.3
JOB_TIMEOUT_S = 120.0
RECOVERS_WITHIN_S = 120.0
WARM_UP_SHARE = 0.3

CARRIERS = ("gateway", "door")
"""What connections run through, and fall with."""

FALLS_WITHIN_S = 10.0
"""So soon after its gateway a connection has fallen, too."""

LEAST_SENT = 0.5  # of what the sessions would send, were they let in all the time
LEAST_RESULTS = 0.5
"""Of all frames of the half without kills, on a machine that also carries the load."""


@dataclass(slots=True)
class Ledger:
    """What was sent and what came of it."""

    frames: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    fell_with_connection: int = 0
    reconnects: int = 0
    carrier_fell_at: float = -math.inf
    vanished: int = 0
    jobs: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


async def soak(soaked: Soaked, clip: Path, frames: list[bytes], seconds: float, kill_every_s: float,
               seed: int) -> dict[str, object]:  # fmt: skip
    """Both halves on a running platform. `problems` is empty when all held."""
    rough, calm = Ledger(), Ledger()
    killing = _kill(soaked, kill_every_s, seconds, random.Random(seed), rough)
    await _load(soaked, clip, frames, seconds, rough, killing)
    await _all_running(soaked)
    idle = sizes(soaked)
    warm: dict[int, Size] = {}
    await _load(soaked, clip, frames, seconds, calm, _look_after(seconds * WARM_UP_SHARE, soaked, warm))
    busy = sizes(soaked)
    calm.problems += _too_few(calm, seconds) + await leftovers(soaked)
    calm.problems += fallen(idle, busy) + growth(warm, busy) + descriptors(idle, sizes(soaked))
    if not rough.jobs:
        rough.problems.append("no job ended while processes were killed")
    if not rough.killed:
        rough.problems.append("nothing was killed: it takes more than two times --kill-every")
    return {
        "with_kills": _told(rough), "without": _told(calm),
        "rss_mb": {size.name: [size.rss_mb, busy[pid].rss_mb] for pid, size in warm.items() if pid in busy},
        "problems": rough.problems + calm.problems,
    }  # fmt: skip


def _told(ledger: Ledger) -> dict[str, object]:
    return {
        "frames": ledger.frames, "answers": dict(ledger.answers), "fell_with_connection": ledger.fell_with_connection,
        "reconnects": ledger.reconnects, "vanished": ledger.vanished, "jobs": ledger.jobs,
        "killed": dict(ledger.killed),
    }  # fmt: skip


async def _load(
    soaked: Soaked, clip: Path, frames: list[bytes], seconds: float, ledger: Ledger, beside: Coroutine[None, None, None]
) -> None:
    until = time.monotonic() + seconds
    sessions = [_session(soaked, fps, frames, until, ledger) for fps in RATES]
    await asyncio.gather(*sessions, _vanish(soaked, until, ledger), _jobs(soaked, clip, until, ledger), beside)


async def _session(soaked: Soaked, fps: float, frames: list[bytes], until: float, ledger: Ledger) -> None:
    """One client that comes back whenever it is lost."""
    while time.monotonic() < until:
        let_in = False
        try:
            async with open_stream(soaked.url, soaked.key) as stream:
                let_in = True
                await _converse(stream, fps, frames, until, ledger)
        except (OSError, WebSocketException, ThespisError):
            await asyncio.sleep(TRY_AGAIN_AFTER_S)
        now = time.monotonic()
        if now < until:
            ledger.reconnects += 1
            if let_in and now > ledger.carrier_fell_at + FALLS_WITHIN_S:
                ledger.problems.append("a connection was lost though no gateway was killed before")


async def _converse(stream: Stream, fps: float, frames: list[bytes], until: float, ledger: Ledger) -> None:
    waiting: set[int] = set()
    sent = 0
    receiving = asyncio.create_task(_receive(stream, waiting, ledger))
    try:
        while time.monotonic() < until and not receiving.done():
            ledger.frames += 1
            sent += 1  # its own: of bad frames that follow each other a session may send a few only
            waiting.add(await stream.send(frames[sent % len(frames)] if sent % BAD_EVERY else BAD_FRAME))
            await asyncio.sleep(1 / fps)
        end = time.monotonic() + LAST_ANSWERS_S
        while waiting and not receiving.done() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        if waiting and not receiving.done():
            ledger.problems.append(f"{len(waiting)} frames were never answered")
            waiting.clear()
    finally:
        ledger.fell_with_connection += len(waiting)
        receiving.cancel()


async def _receive(stream: Stream, waiting: set[int], ledger: Ledger) -> None:
    with contextlib.suppress(ConnectionClosed):  # gateways are killed here; what falls with one is counted above
        async for message in stream:
            _count(message, waiting, ledger)


def _count(message: ServerMessage, waiting: set[int], ledger: Ledger) -> None:
    if isinstance(message, Result | Dropped | Error) and message.frame_id is not None:
        if message.frame_id not in waiting:
            ledger.problems.append(f"frame {message.frame_id} was answered twice")
        waiting.discard(message.frame_id)
        ledger.answers[type(message).__name__.lower()] += 1


async def _vanish(soaked: Soaked, until: float, ledger: Ledger) -> None:
    """Clients that open a session, begin a frame and are gone."""
    scheme, _, address = soaked.url.partition("://")
    host, port = address.split(":")
    tls = trusted() if scheme == "https" else None
    shown = "".join(f"{name}: {value}\r\n" for name, value in bearer(soaked.key).items())
    key = base64.b64encode(uuid.uuid4().bytes).decode()
    hello = (
        f"GET /v1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: thespis.v1\r\n{shown}\r\n"
    )
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, int(port), ssl=tls)
            writer.write(hello.encode() + b"\x82\xfe\xff\xff" + bytes(1000))
            await reader.read(100)
            writer.transport.abort()
            ledger.vanished += 1
        await asyncio.sleep(1.0)


async def _jobs(soaked: Soaked, clip: Path, until: float, ledger: Ledger) -> None:
    """One job after the other; each must have every frame once."""
    async with AsyncClient(soaked.url, key=soaked.key) as client:
        key = uuid.uuid4().hex
        while time.monotonic() < until:
            try:
                job = await client.submit(clip, JobOptions(fps=5), idempotency_key=key)
                job = await client.wait(job.id, timeout_s=JOB_TIMEOUT_S)
                rows = [row.frame async for row in client.results(job.id)] if job.state == "succeeded" else []
            except TimeoutError as problem:
                ledger.problems.append(str(problem))
                continue
            except (Unreachable, ThespisError):
                await asyncio.sleep(TRY_AGAIN_AFTER_S)
                continue
            expected = list(range(job.progress.frames_total or 0))
            if job.state != "succeeded" or not rows or rows != expected:
                ledger.problems.append(f"job {job.id} {job.state} with {len(rows)} of {len(expected)} rows")
            ledger.jobs += 1
            key = uuid.uuid4().hex


async def _kill(soaked: Soaked, every_s: float, seconds: float, chance: random.Random, ledger: Ledger) -> None:
    """Kills any process of the platform from time to time, and leaves it the last of them to recover from."""
    until = time.monotonic() + seconds - every_s / 2
    while time.monotonic() + every_s < until:
        await asyncio.sleep(every_s)
        there = await asyncio.to_thread(soaked.processes)
        name = chance.choice(sorted(there))
        with contextlib.suppress(psutil.NoSuchProcess):
            there[name].kill()
            kind = name.partition(".")[0]
            ledger.killed[kind] += 1
            if kind in CARRIERS:
                ledger.carrier_fell_at = time.monotonic()


async def _look_after(seconds: float, soaked: Soaked, warm: dict[int, Size]) -> None:
    await asyncio.sleep(seconds)
    warm.update(await asyncio.to_thread(sizes, soaked))


def _too_few(ledger: Ledger, seconds: float) -> list[str]:
    """What is missing where nothing was killed; sessions that are not let in send nothing."""
    problems = [] if ledger.jobs else ["no job ended"]
    if ledger.frames < LEAST_SENT * sum(RATES) * seconds:
        problems.append(f"only {ledger.frames} frames could be sent in {seconds:g} s")
    if ledger.answers["result"] < LEAST_RESULTS * ledger.frames:
        problems.append(f"only {ledger.answers['result']} of {ledger.frames} frames have results")
    if ledger.fell_with_connection:
        problems.append(f"{ledger.fell_with_connection} frames fell with their connection though nothing was killed")
    return problems


async def _all_running(soaked: Soaked) -> None:
    """Returns when the platform says that frames have a way through. Raises TimeoutError."""
    async with asyncio.timeout(RECOVERS_WITHIN_S), AsyncClient(soaked.url, key=soaked.key) as client:
        while True:
            with contextlib.suppress(Unreachable, ThespisError):
                if (await client.readiness()).ready:
                    return
            await asyncio.sleep(TRY_AGAIN_AFTER_S)
