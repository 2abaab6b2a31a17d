"""`thespis bench jobs`: one job beside the in-process floor, a live session and PyPI's `fer`."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench.clips import description, write_clip
from bench.command import machine
from bench.jobs import (
    HOW_TO_FER,
    NoFer,
    check_fer,
    floor,
    half_the_cores,
    live_beside_a_job,
    measure_fer,
    one_job,
)
from bench.long_video import memory_by_length
from runtime.logs import configure_logs
from runtime.model_tree import read_ensemble
from runtime.settings import read_settings
from thespis.plain_errors import one_line_platform_errors
from thespis.settings import UpSettings

WORKERS = (1, 2)
QUIET = {**os.environ, "THESPIS_LOG_LEVEL": "warning"}


@contextlib.contextmanager
def one_line_fer() -> Iterator[None]:
    """Ends a command with one line where the `fer` that was given does not work."""
    try:
        yield
    except NoFer as problem:
        raise click.ClickException(str(problem)) from problem


@click.command()
@click.option("--seconds", type=click.FloatRange(min=3), default=60.0, show_default=True, help="Length of the clip.")
@click.option(
    "--fps", type=click.FloatRange(0.5, 25), default=5.0, show_default=True, help="Frames a second to sample."
)
@click.option("--fer", "fer_python", metavar="PYTHON", help="A Python that has PyPI's fer, to measure it beside ours.")
@click.option("--hours", type=click.FloatRange(0.1, 10), help="Also run a film so long, and tell what memory it takes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def jobs(seconds: float, fps: float, fer_python: str | None, hours: float | None, as_json: bool) -> None:
    """Measure video jobs on this machine, beside what it could do at the most and beside PyPI's `fer`.

    Makes a 640×480 clip of 25 frames a second, works through it in one and two plain processes, submits it to
    platforms with one and two job workers, and measures a live session without and with a job running.

    Example: thespis bench jobs --seconds 60 --fer /tmp/fer/bin/python
    """
    with one_line_platform_errors(), one_line_fer():
        settings = read_settings(UpSettings, os.environ)
        read_ensemble(Path(settings.models_path))
        if fer_python is not None:
            check_fer(fer_python)
        configure_logs("bench", "warning", settings.log_format)
        with tempfile.TemporaryDirectory(prefix="thespis-bench-") as folder:
            clip = Path(folder) / "clip.mp4"
            write_clip(clip, seconds)
            report = measure(settings, clip, seconds, fps)
            fer = {"left_out": HOW_TO_FER} if fer_python is None else measure_fer(fer_python, clip, fps, seconds)
            if hours is not None:
                report["long"] = asyncio.run(memory_by_length(settings, QUIET, Path(folder), hours))
    report["fer"] = fer
    report["ratios"] = ratios(report)
    if as_json:
        click.echo(json.dumps(report))
    else:
        show(report)


def measure(settings: UpSettings, clip: Path, seconds: float, fps: float) -> dict[str, Any]:
    """One thing after the other, so that none slows another."""
    with half_the_cores():
        on_half = asyncio.run(one_job(settings, QUIET, clip, fps, 1))
    return {
        "machine": machine(),
        "job_on_half_the_cores": on_half,
        "clip": {**description(clip, seconds), "sampled_fps": fps},
        "floor": [floor(clip, Path(settings.models_path), fps, count) for count in WORKERS],
        "job": [asyncio.run(one_job(settings, QUIET, clip, fps, count)) for count in WORKERS],
        "live": asyncio.run(live_beside_a_job(settings, QUIET, clip, max(3.0, min(20.0, seconds / 3)))),
    }


def ratios(report: dict[str, Any]) -> dict[str, float]:
    """What the targets are about."""
    one, two = (job["frames_per_s"] for job in report["job"])
    single, double = (floor["frames_per_s"] for floor in report["floor"])
    found = {
        "one_worker_of_one_process": one / single,
        "two_workers_of_two_processes": two / double,
        "two_workers_to_one": two / one,
        "two_workers_to_one_on_half_the_cores": two / report["job_on_half_the_cores"]["frames_per_s"],
        "live_p95_beside_a_job": report["live"]["p95_ratio"],
    }
    if "frames_per_s" in report["fer"]:
        found["one_worker_to_fer"] = one / max(1e-9, report["fer"]["frames_per_s"])
    return {name: round(ratio, 2) for name, ratio in found.items()}


def show(report: dict[str, Any]) -> None:
    """The report as tables."""
    console = Console(highlight=False)
    clip, share = report["clip"], report["ratios"]
    console.print(
        f"{report['machine']['cpu']}, {report['machine']['cores']} cores; a clip of {clip['seconds']:g} s, "
        f"{clip['width']}×{clip['height']}, {clip['fps']:g} frames/s, sampled at {clip['sampled_fps']:g}"
    )
    table = Table("", "sampled frames", "frames/s", "ratio")
    for row in report["floor"]:
        table.add_row(f"in-process, {row['processes']}", str(row["frames"]), str(row["frames_per_s"]), "")
    shares = (share["one_worker_of_one_process"], share["two_workers_of_two_processes"])
    for job, of_floor in zip(report["job"], shares, strict=True):
        ratio = f"{of_floor:.0%} of in-process"
        table.add_row(f"job, {job['job_workers']} worker(s)", str(job["frames"]), str(job["frames_per_s"]), ratio)
    half = report["job_on_half_the_cores"]
    table.add_row(f"job, 1 worker, {half['cores']} core(s)", str(half["frames"]), str(half["frames_per_s"]), "")
    table.add_row("2 workers to 1", "", "", f"× {share['two_workers_to_one']:g}")
    table.add_row("2 workers to 1 on half the cores", "", "", f"× {share['two_workers_to_one_on_half_the_cores']:g}")
    if "one_worker_to_fer" in share:
        fer = report["fer"]
        ratio = f"1 worker is × {share['one_worker_to_fer']:g}"
        table.add_row("fer", str(fer["frames"]), str(fer["frames_per_s"]), ratio)
    console.print(table)
    live = Table("live session", "answered/s", "p50 ms", "p95 ms", "dropped", "job frames/s")
    for name, done in (("alone", ""), ("beside_a_job", str(report["live"]["job_frames_per_s"]))):
        row = report["live"][name]
        live.add_row(
            name.replace("_", " "), str(row["answered_per_s"]), str(row["p50_ms"]), str(row["p95_ms"]),
            str(row["dropped"] or "none"), done,
        )  # fmt: skip
    console.print(live)
    console.print(f"p95 beside a job: × {share['live_p95_beside_a_job']:g}")
    if "long" in report:
        show_memory(console, report["long"])
    if "left_out" in report["fer"]:
        console.print(report["fer"]["left_out"], soft_wrap=True)


def show_memory(console: Console, measured: list[dict[str, Any]]) -> None:
    """Each process's highest RSS on the short and on the long film."""
    table = Table("highest RSS, MB", *(f"{row['seconds'] / 60:g} min, {row['frames']} frames" for row in measured))
    for name in sorted(set().union(*(row["rss_mb"] for row in measured))):
        table.add_row(name, *(str(row["rss_mb"].get(name, "")) for row in measured))
    console.print(table)
