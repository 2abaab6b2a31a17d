"""`thespis bench live`: real sessions beside the two references, in one run."""

import asyncio
import json
import os
import platform
from pathlib import Path

import click
import psutil
from rich.console import Console
from rich.table import Table

from bench.frames import description, moving_frames
from bench.live import measure_sessions, room_for
from bench.local import measure_in_process, measure_original
from contracts.members import Ensemble
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.settings import BadSetting, read_settings
from thespis.plain_errors import one_line_platform_errors
from thespis.settings import UpSettings
from thespis.up import passing_platform


def machine() -> dict[str, object]:
    """What these figures were measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "cpu": model, "cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(), "system": platform.platform(),
    }  # fmt: skip


async def measure_live(
    settings: UpSettings, counts: list[int], fps: float, seconds: float, frames: list[bytes], profile: str
) -> list[dict[str, object]]:
    """Starts a platform of its own and puts `counts` sessions on it, one count after the other."""
    room = room_for(max(counts) + 1)  # the session that saw that the platform is ready may not be over yet
    quiet = {**os.environ, **room, "THESPIS_LOG_LEVEL": "warning"}
    async with passing_platform(settings, quiet) as (url, _):
        return [await measure_sessions(url, count, fps, seconds, frames, psutil.Process(), profile) for count in counts]


@click.command()
@click.option("--sessions", default="1,2,4,8", show_default=True, help="Session counts, one after the other.")
@click.option("--seconds", type=click.FloatRange(1), default=10.0, show_default=True, help="Time of each measurement.")
@click.option(
    "--fps",
    type=click.FloatRange(0.5),
    default=25.0,
    show_default=True,
    help="Frames a second that each session offers.",
)
@click.option("--detectors", type=int, help="Detector workers; THESPIS_DETECTORS otherwise.")
@click.option("--ensembles", type=int, help="Ensemble workers; THESPIS_ENSEMBLES otherwise.")
@click.option("--vote-profile", "profile", default="default", show_default=True, help="The vote that is asked for.")
@click.option("--in-process", "only_in_process", is_flag=True, help="Only the in-process reference.")
@click.option("--original", "only_original", is_flag=True, help="Only the original loop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def live(
    sessions: str, seconds: float, fps: float, detectors: int | None, ensembles: int | None, profile: str,
    only_in_process: bool, only_original: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure live sessions on this machine, beside what it could do at the most and what the original did.

    Every session streams real 640×480 JPEG frames through a real WebSocket to a platform started for this run.
    """
    given = {"THESPIS_DETECTORS": detectors, "THESPIS_ENSEMBLES": ensembles}
    flags = {name: str(value) for name, value in given.items() if value is not None}
    try:
        settings = read_settings(UpSettings, {**os.environ, **flags})
        counts = [int(count) for count in sessions.split(",")]
        ensemble: Ensemble = read_ensemble(Path(settings.models_path))
    except (BadSetting, BadModelTree) as problem:
        raise click.ClickException(str(problem)) from problem
    except ValueError as problem:
        raise click.BadParameter(
            "numbers separated by commas, for instance 1,2,4", param_hint="--sessions"
        ) from problem
    if profile not in ensemble.votes:
        raise click.BadParameter(f"one of {', '.join(ensemble.votes)}", param_hint="--vote-profile")
    configure_logs("bench", "warning", settings.log_format)
    models_path = Path(settings.models_path)
    frames = moving_frames()
    everything = not (only_in_process or only_original)
    report: dict[str, object] = {"machine": machine(), "frame": description(frames), "vote_profile": profile}
    if everything or only_in_process:
        report["in_process"] = measure_in_process(models_path, ensemble, frames, seconds, profile)
    if everything or only_original:
        report["original_loop"] = measure_original(models_path, ensemble, frames, seconds)
    if everything:
        with one_line_platform_errors():
            report["live"] = asyncio.run(measure_live(settings, counts, fps, seconds, frames, profile))
    if as_json:
        click.echo(json.dumps(report))
    else:
        show(report)


def show(report: dict[str, object]) -> None:
    """The report as tables, with the ratios that the targets are about."""
    console = Console()
    measured = json.loads(json.dumps(report))
    console.print(f"{measured['machine']['cpu']}, {measured['machine']['cores']} cores; {measured['frame']}")
    for name in ("in_process", "original_loop"):
        if name in measured:
            reference = measured[name]
            console.print(f"{name}: p50 {reference['p50_ms']} ms, {reference['frames_per_s']} frames/s")
    if "live" not in measured:
        return
    table = Table(
        "sessions",
        "offered/s",
        "answered/s",
        "p50 ms",
        "p95",
        "p99",
        "dropped",
        "of in-process",
        "× original",
    )
    for row in measured["live"]:
        table.add_row(
            str(row["sessions"]), str(row["fps_offered"]), str(row["answered_per_s"]), str(row["p50_ms"]),
            str(row["p95_ms"]), str(row["p99_ms"]), str(row["dropped"] or "none"),
            f"{row['answered_per_s'] / measured['in_process']['frames_per_s']:.0%}",
            f"{row['answered_per_s'] / measured['original_loop']['frames_per_s']:.1f}",
        )  # fmt: skip
    console.print(table)
    costs = Table("process", *(f"CPU ms a frame, {row['sessions']}" for row in measured["live"]), "RSS MB")
    for name in measured["live"][-1]["cpu_ms_per_frame"]:
        spent = [str(row["cpu_ms_per_frame"].get(name, "")) for row in measured["live"]]
        costs.add_row(name, *spent, str(measured["live"][-1]["rss_mb"].get(name, "")))
    console.print(costs)
