"""`thespis bench soak`: whether the platform endures; ends with 1 when it does not."""

import asyncio
import json
import os
import tempfile
from pathlib import Path

import click
import psutil

from bench.clips import write_clip
from bench.frames import moving_frames
from bench.soak import soak as endure
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting, read_settings
from thespis.settings import UpSettings
from thespis.up import passing_platform

CLIP_SECONDS = 8.0


@click.command()
@click.option("--minutes", type=click.FloatRange(0.2), default=10.0, show_default=True, help="Length of each half.")
@click.option("--kill-every", type=click.FloatRange(2), default=20.0, show_default=True, help="Seconds between kills.")
@click.option("--seed", default=1, show_default=True, help="Decides who is killed.")
def soak(minutes: float, kill_every: float, seed: int) -> None:
    """Let eight sessions, jobs, bad frames and vanishing clients run while processes are killed, then without kills.

    Prints one JSON object. Fails when a frame was not answered once, a job lost a frame, a service grew by more than a
    tenth, or something was left behind.
    """
    try:
        settings = read_settings(UpSettings, os.environ)
        configure_logs("bench", "error", settings.log_format)
        report = asyncio.run(_measure(settings, minutes * 60, kill_every, seed))
    except (BadSetting, BadModelTree) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(json.dumps(report))
    if report["problems"]:
        raise SystemExit(1)


async def _measure(settings: UpSettings, seconds: float, kill_every_s: float, seed: int) -> dict[str, object]:
    quiet = {**os.environ, "THESPIS_LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory(prefix="thespis-soak-") as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip, CLIP_SECONDS)
        async with passing_platform(settings, quiet, job_workers=1) as (url, _):
            return await endure(url, psutil.Process(), clip, moving_frames(), seconds, kill_every_s, seed)
