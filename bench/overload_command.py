"""`thespis bench overload`: whether too many sessions take the platform down; ends with 1 when they do."""

import asyncio
import json
import os

import click

from bench.frames import moving_frames
from bench.overload import COLLAPSED, TARGET, TIMES, measure_overload
from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting, read_settings
from thespis.settings import UpSettings


@click.command(
    help=f"""Let in {TIMES} times the sessions that this machine can serve, and some that there is no room for.

    Three times in turn with the most that it can serve. Prints one JSON object; `missed` says when less than
    {TARGET:.0%} of the peak's results a second come. Fails when less than {COLLAPSED:.0%} do, when who is refused
    is not told why, or when a session still loses frames ten seconds later.
    """
)
@click.option("--seconds", default=10.0, show_default=True, help="Time each measurement takes.")
@click.option("--fps", default=5.0, show_default=True, help="Frames a second that each of too many sessions offers.")
def overload(seconds: float, fps: float) -> None:
    try:
        settings = read_settings(UpSettings, os.environ)
        configure_logs("bench", "error", settings.log_format)
        report = asyncio.run(measure_overload(settings, fps, seconds, moving_frames()))
    except (BadSetting, BadModelTree) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(json.dumps(report))
    if report["problems"]:
        raise SystemExit(1)
