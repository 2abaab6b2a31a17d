"""The `thespis` command."""

import asyncio
import os
import signal
from pathlib import Path

import click

from runtime.logs import configure_logs
from runtime.parent import end_with_parent
from runtime.settings import read_settings
from thespis.job_commands import cancel, check_ended_well, delete, job, jobs, key_option, print_json, submit
from thespis.key_commands import keys
from thespis.plain_errors import is_video, one_line_platform_errors
from thespis.settings import UpSettings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="thespis")
def main() -> None:
    """Thespis reads facial expressions in real time for many people at once.

    Start with `thespis up`, open the address it prints, send it a picture with `thespis analyze` or a video with
    `thespis submit`.
    """


@main.command()
@click.option("--host", help="Address to listen on.  [THESPIS_HOST, default 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [THESPIS_PORT, default 8080]")
@click.option("--detectors", type=int, help="Detector workers to start.  [THESPIS_DETECTORS, default 2]")
@click.option("--ensembles", type=int, help="Ensemble workers to start.  [THESPIS_ENSEMBLES, default 1]")
@click.option("--job-workers", type=int, help="Workers for videos to start.  [THESPIS_JOB_WORKERS, default 1]")
@click.option("--data-path", help="Folder of jobs and their files.  [THESPIS_DATA_PATH, default data]")
@click.option(
    "--metrics",
    is_flag=True,
    default=None,
    help="Serve each process's metrics; DATA_PATH/metrics.json says where.  [THESPIS_METRICS]",
)
@click.option(
    "--insecure", is_flag=True, default=None,
    help="Let anybody in without an API key, even from other machines.  [THESPIS_INSECURE]",
)  # fmt: skip
def up(**flags: str | int | None) -> None:
    """Start the whole platform on this machine.

    Prints `Thespis is ready: URL` once a real frame with a face has gone the whole way and come back. Ctrl-C stops
    everything. Every setting is listed in docs/settings.md. Where other machines can reach it (--host), everybody needs
    an API key: see `thespis keys create --help`.
    """
    from thespis.plan import valkey_server
    from thespis.up import run_until_stopped

    if "MAKELEVEL" in os.environ:
        end_with_parent(with_signal=signal.SIGTERM)  # a killed `make up` takes the platform with it
    with one_line_platform_errors():
        settings = _settings(flags)
        configure_logs("up", settings.log_level, settings.log_format)
        valkey_server()
        asyncio.run(run_until_stopped(settings, os.environ))


def _settings(flags: dict[str, str | int | None]) -> UpSettings:
    """Flags before environment, both checked by the same rules."""
    given = {f"THESPIS_{name.upper()}": str(value) for name, value in flags.items() if value is not None}
    return read_settings(UpSettings, {**os.environ, **given})


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--server", envvar="THESPIS_SERVER",
    help="Address of a running platform; without it one is started for this call.  [THESPIS_SERVER]",
)  # fmt: skip
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print the API's reply and nothing else.")
def analyze(file: Path, server: str | None, key: str | None, as_json: bool) -> None:
    """Show the faces in FILE and how their expressions read.

    FILE is a picture (JPEG, PNG or WebP) or a video (mp4, mov, webm, mkv, avi, or a zip of pictures). A video becomes a
    job of five frames a second; `thespis submit` has more choices.

    Example: thespis analyze interview.mp4
    """
    from thespis.analyze import analyze_video, analyze_with, show_reply
    from thespis.job_words import console_for_tables, show_summary

    configure_logs("analyze", "warning", "text")
    with one_line_platform_errors():
        if is_video(file):
            job, summary = asyncio.run(analyze_video(file, server, key, os.environ))
            check_ended_well(job)
            assert summary is not None  # noqa: S101  a job that ended well has one
            print_json(summary) if as_json else show_summary(console_for_tables(), summary)
        else:
            reply = asyncio.run(analyze_with(file.read_bytes(), server, key, os.environ))
            print_json(reply) if as_json else show_reply(reply)


@main.command()
@click.option(
    "--server", envvar="THESPIS_SERVER", help="Address of a running platform to look at, too.  [THESPIS_SERVER]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a list and nothing else.")
def doctor(server: str | None, as_json: bool) -> None:
    """Tell what this machine and this platform lack, and what to do.

    Looks at processor, memory, packages, models, disk, clock, ports, and at the Redis and members that the environment
    names. Ends with 1 when something fails.
    """
    from thespis.doctor import examine, print_findings, worst_of

    if as_json:
        findings = list(examine(server, os.environ))
        print_json(findings)
    else:
        findings = print_findings(examine(server, os.environ))
    raise click.exceptions.Exit(int(worst_of(findings) == "fail"))


for command in (submit, jobs, job, cancel, delete, keys):
    main.add_command(command)


class BenchGroup(click.Group):
    """Loads the measurements, and what they import, only when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["jobs", "live", "overload", "soak"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        from bench.command import live
        from bench.job_command import jobs
        from bench.overload_command import overload
        from bench.soak_command import soak

        return {"jobs": jobs, "live": live, "overload": overload, "soak": soak}.get(name)


@main.command(cls=BenchGroup)
def bench() -> None:
    """Measure this machine."""


if __name__ == "__main__":
    main()
