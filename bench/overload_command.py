"""`thespis bench overload`: whether too many sessions take the platform down; ends with 1 when they do."""

import asyncio
import json
import os

import click

from bench.frames import moving_frames
from bench.overload import COLLAPSED, TARGET, TIMES, measure_overload
from runtime.logs import configure_logs
from runtime.settings import read_settings
from thespis.plain_errors import one_line_platform_errors
from thespis.settings import UpSettings


@click.command(
    help=f"""Let in {TIMES} times the sessions that this machine can serve, and some that there is no room for.

    Three times in turn with the most that it can serve. Prints one JSON object; `missed` says when less than
    {TARGET:.0%} of the peak's results a second come. Fails when less than {COLLAPSED:.0%} do, when who is refused
    is not told why, or when a session still loses frames ten seconds later.
    """
)
@click.option(
    "--seconds", type=click.FloatRange(1), default=10.0, show_default=True, help="Time each measurement takes."
)
@click.option(
    "--fps",
    type=click.FloatRange(0.5),
    default=5.0,
    show_default=True,
    help="Frames a second that each of too many sessions offers.",
)
def overload(seconds: float, fps: float) -> None:
    with one_line_platform_errors():
        settings = read_settings(UpSettings, os.environ)
        configure_logs("bench", "error", settings.log_format)
        report = asyncio.run(measure_overload(fps, seconds, moving_frames()))
    click.echo(json.dumps(report))
    if report["problems"]:
        raise SystemExit(1)
