"""`thespis bench soak`: whether the platform endures; ends with 1 when it does not."""

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import click

from bench.clips import write_clip
from bench.containers import Stack, StackProblem
from bench.frames import moving_frames
from bench.soak import soak as endure
from bench.soaked import Bare, Contained, Soaked
from runtime.logs import configure_logs
from runtime.settings import read_settings
from thespis.plain_errors import one_line_platform_errors
from thespis.settings import UpSettings
from thespis.up import passing_platform

CLIP_SECONDS = 8.0


@click.command()
@click.option("--minutes", type=click.FloatRange(0.2), default=10.0, show_default=True, help="Length of each half.")
@click.option("--kill-every", type=click.FloatRange(2), default=20.0, show_default=True, help="Seconds between kills.")
@click.option("--seed", default=1, show_default=True, help="Decides who is killed.")
@click.option("--compose", is_flag=True, help="Against containers, through their front door; needs Docker and root.")
def soak(minutes: float, kill_every: float, seed: int, compose: bool) -> None:
    """Let eight sessions, jobs, bad frames and vanishing clients run while processes are killed, then without kills.

    Prints one JSON object. Fails when a frame was not answered once, a job lost a frame, a service grew by more than a
    tenth, or something was left behind.
    """
    with one_line_platform_errors():
        settings = read_settings(UpSettings, os.environ)
        configure_logs("bench", "error", settings.log_format)
        with tempfile.TemporaryDirectory(prefix="thespis-soak-") as folder:
            clip = Path(folder) / "clip.mp4"
            write_clip(clip, CLIP_SECONDS)
            measured = partial(endure, clip=clip, frames=moving_frames(), seconds=minutes * 60, kill_every_s=kill_every,
                               seed=seed)  # fmt: skip
            try:
                report = asyncio.run(_contained(Path(folder), measured) if compose else _bare(settings, measured))
            except StackProblem as problem:
                raise click.ClickException(str(problem)) from problem
    click.echo(json.dumps(report))
    if report["problems"]:
        raise SystemExit(1)


Measured = Callable[[Soaked], Awaitable[dict[str, object]]]


async def _bare(settings: UpSettings, measured: Measured) -> dict[str, object]:
    quiet = {**os.environ, "THESPIS_LOG_LEVEL": "error"}
    async with passing_platform(settings, quiet, job_workers=1) as (url, _):
        return await measured(Bare(url))


async def _contained(folder: Path, measured: Measured) -> dict[str, object]:
    stack = Stack(folder, "thespis-soak")
    stack.compose("build")
    try:
        stack.up()
        os.environ["SSL_CERT_FILE"] = str(stack.certificate)
        return await measured(Contained(stack))
    finally:
        stack.down("--volumes", "--timeout", "5")
