"""The `thespis` command."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import click
import msgspec

from runtime.logs import configure_logs
from runtime.model_tree import BadModelTree
from runtime.parent import end_with_parent
from runtime.settings import BadSetting, read_settings
from thespis.settings import UpSettings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="thespis")
def main() -> None:
    """Thespis reads facial expressions in real time for many people at once.

    Start with `thespis up`, open the address it prints, or send it a picture with `thespis analyze`.
    """


@main.command()
@click.option("--host", help="Address to listen on.  [THESPIS_HOST, default 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [THESPIS_PORT, default 8080]")
@click.option("--detectors", type=int, help="Detector workers to start.  [THESPIS_DETECTORS, default 2]")
@click.option("--ensembles", type=int, help="Ensemble workers to start.  [THESPIS_ENSEMBLES, default 1]")
def up(**flags: str | int | None) -> None:
    """Start the whole platform on this machine.

    Prints `Thespis is ready: URL` once a real frame with a face has gone the whole way and come back. Ctrl-C stops
    everything. Every setting is listed in docs/settings.md.
    """
    from thespis.plan import valkey_server
    from thespis.supervisor import HopelessChild
    from thespis.up import NotReady, PortTaken, run_until_stopped

    if "MAKELEVEL" in os.environ:
        end_with_parent(with_signal=signal.SIGTERM)  # a killed `make up` takes the platform with it
    try:
        settings = _settings(flags)
        configure_logs("up", settings.log_level, settings.log_format)
        valkey_server()
        asyncio.run(run_until_stopped(settings, os.environ))
    except (BadSetting, BadModelTree, PortTaken, NotReady, HopelessChild, FileNotFoundError) as problem:
        raise click.ClickException(str(problem)) from problem


def _settings(flags: dict[str, str | int | None]) -> UpSettings:
    """Flags before environment, both checked by the same rules."""
    given = {f"THESPIS_{name.upper()}": str(value) for name, value in flags.items() if value is not None}
    return read_settings(UpSettings, {**os.environ, **given})


@main.command()
@click.argument("picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--server", help="Address of a running platform; without it one is started for this call.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's reply and nothing else.")
def analyze(picture: Path, server: str | None, as_json: bool) -> None:
    """Show the faces in PICTURE (JPEG, PNG or WebP) and how their expressions read."""
    from thespis.analyze import analyze_with, show_reply
    from thespis.client import ThespisError, Unreachable
    from thespis.supervisor import HopelessChild
    from thespis.up import NotReady

    configure_logs("analyze", "warning", "text")
    try:
        reply = asyncio.run(analyze_with(picture.read_bytes(), server, os.environ))
    except (ThespisError, Unreachable, BadSetting, BadModelTree, NotReady, HopelessChild, OSError) as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        sys.stdout.write(msgspec.json.encode(reply).decode() + "\n")
    else:
        show_reply(reply)


class BenchGroup(click.Group):
    """Loads the measurements, and what they import, only when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["live"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        from bench.command import live

        return {"live": live}.get(name)


@main.command(cls=BenchGroup)
def bench() -> None:
    """Measure this machine."""


if __name__ == "__main__":
    main()
