"""Video jobs beside what this machine can do at the most, beside live sessions, and beside PyPI's `fer`."""

import asyncio
import contextlib
import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import psutil

from bench.frames import moving_frames
from bench.live import measure_sessions, settled
from bench.local import path_of_images
from contracts.jobs import JobOptions, JobView
from contracts.members import Ensemble
from detector_worker.decoding import decode_image
from jobs.plan import plan_video
from jobs.video import SampledFrame, probe, sampled_frames
from runtime.model_tree import read_ensemble
from thespis.client import AsyncClient
from thespis.settings import UpSettings
from thespis.up import passing_platform

CHILDREN_READY_WITHIN_S = 120.0
CHILDREN_DONE_WITHIN_S = 3600.0
LIVE_FPS = 25.0
BUSY_FPS = 25.0
"""What the job beside a live session samples: every frame, so that it never runs out of work."""

FER_SCRIPT = Path(__file__).parent / "fer_library.py"
HOW_TO_FER = "fer is left out: python3 -m venv FER && FER/bin/pip install fer, then --fer FER/bin/python"


class NoFer(RuntimeError):
    """Raised when a Python has no `fer` that works; who gave it can install it."""


def floor(clip: Path, models_path: Path, fps: float, processes: int) -> dict[str, float]:
    """Decode, detect, crop, every member of the vote, with nothing between; the clip's segments dealt out."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes + 1)
    results: multiprocessing.Queue[tuple[int, int]] = context.Queue()
    working = [
        context.Process(target=_work_through, args=(clip, models_path, fps, index, processes, ready, results))
        for index in range(processes)
    ]
    for process in working:
        process.start()
    ready.wait(CHILDREN_READY_WITHIN_S)  # a child that falls would be waited for for good
    started = time.perf_counter()
    counts = [results.get(timeout=CHILDREN_DONE_WITHIN_S) for _ in working]
    taken_s = time.perf_counter() - started
    for process in working:
        process.join()
    frames = sum(frames for frames, _ in counts)
    return {"processes": processes, "frames": frames, "frames_per_s": round(frames / taken_s, 1)}


def _work_through(
    clip: Path, models_path: Path, fps: float, index: int, processes: int, ready: Barrier,
    results: "multiprocessing.Queue[tuple[int, int]]",
) -> None:  # fmt: skip
    cv2.setNumThreads(1)
    ensemble: Ensemble = read_ensemble(models_path)
    look_at = path_of_images(models_path, ensemble, 1)
    video = probe(clip)
    plan = plan_video(video, JobOptions(fps=fps))
    first = next(sampled_frames(clip, video.container, plan, 0))
    look_at(_image(first))
    ready.wait()
    frames = faces = 0
    for segment in range(index, plan.segments, processes):
        for sampled in sampled_frames(clip, video.container, plan, segment):
            faces += look_at(_image(sampled)) is not None
            frames += 1
    results.put((frames, faces))


def _image(sampled: SampledFrame) -> npt.NDArray[np.uint8]:
    return decode_image(sampled.picture) if isinstance(sampled.picture, bytes) else sampled.picture


@contextlib.contextmanager
def half_the_cores() -> Iterator[None]:
    """For this process and those it starts meanwhile: what one worker does with them, two should do twice with all."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[: max(1, len(cores) // 2)])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


async def one_job(
    settings: UpSettings, environ: Mapping[str, str], clip: Path, fps: float, job_workers: int
) -> dict[str, object]:
    """One job on a platform of its own, from the accepted submission to its end; a short one before warms it up."""
    async with passing_platform(settings, environ, job_workers) as (url, _), AsyncClient(url) as client:
        for _ in range(job_workers):
            await client.wait((await client.submit(clip, JobOptions(fps=fps, end_s=2.0))).id)
        await settled(psutil.Process())
        started = time.perf_counter()
        job = await client.submit(clip, JobOptions(fps=fps))
        job = await client.wait(job.id)
        taken_s = time.perf_counter() - started
    seconds = _seconds(job)
    return {
        "job_workers": job_workers, "cores": len(os.sched_getaffinity(0)), "state": job.state,
        "frames": job.progress.frames_done,
        "seconds": round(seconds, 2), "seconds_with_upload": round(taken_s, 2),
        "frames_per_s": round(job.progress.frames_done / seconds, 1),
    }  # fmt: skip


def _seconds(job: JobView) -> float:
    assert job.ended_s is not None
    return job.ended_s - job.created_s


async def live_beside_a_job(
    settings: UpSettings, environ: Mapping[str, str], clip: Path, seconds: float
) -> dict[str, object]:
    """A live session alone, then the same while jobs run one after the other; one job worker."""
    frames = moving_frames()
    async with passing_platform(settings, environ, 1) as (url, _), AsyncClient(url) as client:
        await client.wait((await client.submit(clip, JobOptions(fps=5.0, end_s=2.0))).id)
        await settled(psutil.Process())  # servers that no job has asked yet still come up
        alone = await measure_sessions(url, 1, LIVE_FPS, seconds, frames, psutil.Process())
        async with _kept_busy(client, clip):
            before = await _frames_done(client)
            started = time.perf_counter()
            beside = await measure_sessions(url, 1, LIVE_FPS, seconds, frames, psutil.Process())
            rate = (await _frames_done(client) - before) / (time.perf_counter() - started)
    kept = ("answered_per_s", "p50_ms", "p95_ms", "p99_ms", "dropped")
    return {
        "alone": {name: alone[name] for name in kept},
        "beside_a_job": {name: beside[name] for name in kept},
        "p95_ratio": round(_number(beside["p95_ms"]) / max(0.01, _number(alone["p95_ms"])), 2),
        "job_frames_per_s": round(rate, 1),
    }


def _number(value: object) -> float:
    assert isinstance(value, float | int)
    return float(value)


@contextlib.asynccontextmanager
async def _kept_busy(client: AsyncClient, clip: Path) -> AsyncIterator[None]:
    """One job after the other until the block ends. Raises what made them stop before."""
    first = await client.submit(clip, JobOptions(fps=BUSY_FPS))

    async def work() -> None:
        await client.wait(first.id)
        while True:
            await client.wait((await client.submit(clip, JobOptions(fps=BUSY_FPS))).id)

    working = asyncio.create_task(work())
    try:
        yield
        if working.done():
            working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _frames_done(client: AsyncClient) -> int:
    return sum([job.progress.frames_done async for job in client.jobs()])


def check_fer(python: str) -> None:
    """Raises NoFer."""
    try:
        subprocess.run([python, str(FER_SCRIPT)], capture_output=True, check=True, timeout=300, text=True)
    except OSError as problem:
        raise NoFer(f"--fer: {python} can't be started: {problem.strerror}") from problem
    except subprocess.SubprocessError as problem:
        raise NoFer(f"--fer: {python} has no fer that works: {_last_line(problem)}") from problem


def measure_fer(python: str, clip: Path, fps: float, seconds: float) -> dict[str, object]:
    """The library on the same sampled frames, for at most `seconds`, in an environment of its own. Raises NoFer."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, str(FER_SCRIPT), str(clip), str(fps), str(seconds)]
    try:
        run = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    except subprocess.CalledProcessError as problem:
        raise NoFer(f"--fer: fer failed: {_last_line(problem)}") from problem
    measured: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return measured


def _last_line(problem: subprocess.SubprocessError) -> str:
    lines = (getattr(problem, "stderr", None) or str(problem)).strip().splitlines()
    return str(lines[-1]) if lines else type(problem).__name__
