"""`thespis submit`, `jobs`, `job`, `cancel` and `delete`: video jobs on a running platform."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
import msgspec

from contracts.jobs import FINAL_STATES, WITH_RESULTS, JobOptions, JobState, JobView
from thespis.errors import ThespisError
from thespis.job_files import (
    annotated_option,
    check_nothing_lacks,
    csv_option,
    naming,
    patiently,
    plot_option,
    wanted_files,
    write_files,
)
from thespis.plain_errors import check_video, one_line_errors

if TYPE_CHECKING:  # imported where a command runs, so that --help is quick
    from contracts.jobs import JobSummary
    from thespis.client import Client
    from thespis.job_progress import JobProgressBar

SERVER = "http://127.0.0.1:8080"

server_option = click.option(
    "--server", envvar="THESPIS_SERVER", default=SERVER,
    help=f"Address of a running platform.  [THESPIS_SERVER, default {SERVER}]",
)  # fmt: skip
key_option = click.option(
    "--key", envvar="THESPIS_KEY",
    help="API key, where the platform asks for one; the variable is the safer place.  [THESPIS_KEY]",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print the API's reply and nothing else.")


@click.command()
@click.argument("video", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@server_option
@key_option
@click.option("--fps", type=float, default=5.0, show_default=True, help="Frames a second to look at.")
@click.option("--start", type=float, default=0.0, help="Second of the video to begin at.")
@click.option("--end", type=float, help="Second of the video to stop at.")
@click.option("--max-faces", type=int, default=8, show_default=True, help="Most faces of one frame, largest first.")
@click.option("--label", default="", help="A name to find the job by: thespis jobs --label NAME.")
@click.option("--votes", is_flag=True, help="Keep what each member of the ensemble said, too.")
@click.option("--wait", is_flag=True, help="Stay until the job has ended and show what it found; files imply it.")
@csv_option
@plot_option
@annotated_option
@json_option
def submit(
    video: Path, server: str, key: str | None, fps: float, start: float, end: float | None, max_faces: int, label: str,
    votes: bool, wait: bool, csv: Path | None, plot: Path | None, annotated: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Submit VIDEO (mp4, mov, webm, mkv, avi, or a zip of pictures) as a job.

    Without --wait the job's id is printed and the job goes on by itself; `thespis job ID` shows how it stands.

    Example: thespis submit interview.mp4 --fps 5 --csv rows.csv --plot timeline.png
    """
    from thespis.client import Client
    from thespis.job_progress import JobProgressBar

    check_video(video)
    options = JobOptions(
        fps=fps, start_s=start, end_s=end, max_faces=max_faces, label=label, votes=votes,
        annotated=annotated is not None,
    )  # fmt: skip
    wanted = wanted_files(csv, plot, annotated)
    waiting = wait or bool(wanted)
    with one_line_errors(), Client(server, key=key) as client:
        with JobProgressBar() as bar:
            job = client.submit(video, options, on_upload=bar.upload)
            if waiting:
                job = _ended(client, job, bar)
        if waiting:
            check_ended_well(job)
        with naming(job):
            lacking = write_files(client, job, wanted)
            if as_json:
                print_json(job)
            elif waiting:
                _show_ended(job, patiently(lambda: client.summary(job.id)))
            else:
                click.echo(f"job {job.id} is {job.state}; `thespis job {job.id}` shows how it stands")
    check_nothing_lacks(job, lacking)


def _ended(client: "Client", job: JobView, bar: "JobProgressBar") -> JobView:
    try:
        return client.wait(job.id, bar.frames)
    except KeyboardInterrupt as problem:
        raise click.ClickException(f"the job goes on; `thespis cancel {job.id}` ends it") from problem
    except (ThespisError, OSError) as problem:
        raise click.ClickException(f"{problem}; `thespis job {job.id}` shows how the job stands") from problem


def check_ended_well(job: JobView) -> None:
    """Raises click.ClickException for a job that has nothing to show."""
    if job.state not in WITH_RESULTS:
        reason = f": {job.message}" if job.message else ""
        raise click.ClickException(f"job {job.id} {_ended_as(job)}{reason}")


def _ended_as(job: JobView) -> str:
    return {"failed": "failed", "cancelled": "was cancelled", "expired": "has expired"}.get(job.state, job.state)


@click.command()
@server_option
@key_option
@click.option("--status", type=click.Choice(get_args(JobState)), help="Only jobs in this state.")
@click.option("--label", help="Only jobs submitted with this label.")
@json_option
def jobs(server: str, key: str | None, status: JobState | None, label: str | None, as_json: bool) -> None:
    """List the jobs, the newest first.

    Example: thespis jobs --status running
    """
    from thespis.client import Client
    from thespis.job_words import console_for_tables, jobs_table

    with one_line_errors(), Client(server, key=key) as client:
        found = list(client.jobs(status, label))
    if as_json:
        print_json(found)
    elif found:
        console_for_tables().print(jobs_table(found, time.time()))
    else:
        click.echo("There are no such jobs." if status or label else "There are no jobs; `thespis submit` makes one.")


@click.command()
@click.argument("job_id", metavar="ID")
@server_option
@key_option
@csv_option
@plot_option
@annotated_option
@json_option
def job(
    job_id: str,
    server: str,
    key: str | None,
    csv: Path | None,
    plot: Path | None,
    annotated: Path | None,
    as_json: bool,
) -> None:
    """Show how job ID stands and, when it has ended, what it found; write its files where they are wished for.

    Example: thespis job 3f2a9c0d5b1e4f6a8c7d9e0f1a2b3c4d --csv rows.csv
    """
    from thespis.client import Client
    from thespis.job_words import console_for_tables, show_job, show_summary

    with one_line_errors(), Client(server, key=key) as client:
        view = client.job(job_id)
        ended_well = view.state in WITH_RESULTS
        wanted = wanted_files(csv, plot, annotated)
        if wanted and not ended_well:
            raise click.ClickException(f"job {view.id} is {view.state}: only one that has ended well has files")
        if annotated and not view.options.annotated:
            raise click.ClickException(f"job {view.id} was submitted without --annotated: no such video was drawn")
        lacking = write_files(client, view, wanted)
        if as_json:
            print_json(view)
        else:
            console = console_for_tables()
            show_job(console, view)
            if ended_well:
                show_summary(console, client.summary(job_id))
    check_nothing_lacks(view, lacking)


@click.command()
@click.argument("job_id", metavar="ID")
@server_option
@key_option
@json_option
def cancel(job_id: str, server: str, key: str | None, as_json: bool) -> None:
    """End job ID; what it found so far is thrown away.

    Example: thespis cancel 3f2a9c0d5b1e4f6a8c7d9e0f1a2b3c4d
    """
    from thespis.client import Client

    with one_line_errors(), Client(server, key=key) as client:
        view = client.cancel(job_id)
    if as_json:
        print_json(view)
    elif view.state in FINAL_STATES - {"cancelled"}:
        click.echo(f"job {view.id} had ended already: {view.state}")
    else:
        click.echo(f"job {view.id} is {view.state}")


@click.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@server_option
@key_option
def delete(job_ids: tuple[str, ...], server: str, key: str | None) -> None:
    """Remove each job ID with its results, and its video where that is still there; one that runs ends.

    Example: thespis delete 3f2a9c0d5b1e4f6a8c7d9e0f1a2b3c4d
    """
    from thespis.client import Client

    with one_line_errors(), Client(server, key=key) as client:
        for job_id in job_ids:
            client.delete(job_id)
            click.echo(f"job {job_id} is removed")


def _show_ended(view: JobView, summary: "JobSummary") -> None:
    from thespis.job_words import console_for_tables, show_job, show_summary

    console = console_for_tables()
    show_job(console, view)
    show_summary(console, summary)


def print_json(reply: object) -> None:
    sys.stdout.write(msgspec.json.encode(reply).decode() + "\n")
