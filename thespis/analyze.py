"""`thespis analyze`: one picture or one video, shown in the terminal."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from contracts.api import ImageReply
from contracts.jobs import WITH_RESULTS, JobSummary, JobView
from runtime.settings import read_settings
from thespis.client import AsyncClient
from thespis.errors import ThespisError
from thespis.job_progress import JobProgressBar
from thespis.job_words import BAR_WIDTH
from thespis.settings import UpSettings
from thespis.up import ResultT, passing_platform, unless_it_fails


async def analyze_with(picture: bytes, server: str | None, key: str | None, environ: Mapping[str, str]) -> ImageReply:
    """Asks `server`, or a platform that is started for this call. Raises as Client and running_platform do."""
    return await _asked(lambda client: client.analyze(picture), server, key, environ)


async def analyze_video(
    path: Path, server: str | None, key: str | None, environ: Mapping[str, str]
) -> tuple[JobView, JobSummary | None]:
    """Makes a job of a video and waits for it; no summary where it failed. Raises as analyze_with does."""

    async def submitted(client: AsyncClient) -> tuple[JobView, JobSummary | None]:
        with JobProgressBar() as bar:
            job = await client.submit(path, on_upload=bar.upload)
            try:
                job = await client.wait(job.id, bar.frames)
            except (asyncio.CancelledError, ThespisError, OSError):
                if server is not None:
                    click.echo(f"job {job.id} goes on; `thespis cancel {job.id}` ends it", err=True)
                raise
        found = job.state in WITH_RESULTS
        return job, await client.summary(job.id) if found else None

    return await _asked(submitted, server, key, environ, job_workers=1)


async def _asked(
    ask: Callable[[AsyncClient], Coroutine[None, None, ResultT]],
    server: str | None,
    key: str | None,
    environ: Mapping[str, str],
    job_workers: int = 0,
) -> ResultT:
    if server is not None:
        async with AsyncClient(server, key=key) as client:
            return await ask(client)
    settings = read_settings(UpSettings, environ)
    quiet = {**environ, "THESPIS_LOG_LEVEL": "warning"}
    async with passing_platform(settings, quiet, job_workers) as (url, supervisor), AsyncClient(url) as client:
        return await unless_it_fails(supervisor, ask(client))


def show_reply(reply: ImageReply) -> None:
    """Prints each face's box and its seven percentages as bars."""
    console = Console()
    if not reply.faces:
        console.print("No face was found.")
    for face in reply.faces:
        box = face.box
        doubt = ", uncertain" if face.uncertain else ""
        console.print(
            f"[bold]face {face.face_id}[/bold]: {face.top}{doubt}   "
            f"{box.width:.0f}×{box.height:.0f} pixels at ({box.x:.0f}, {box.y:.0f})"
        )
        table = Table.grid(padding=(0, 1))
        for label, probability in face.probabilities.items():
            bar = ProgressBar(total=1.0, completed=probability, width=BAR_WIDTH)
            table.add_row(f"  {label}", bar, f"{probability:6.1%}")
        console.print(table)
    console.print(f"[dim]members: {', '.join(reply.members.used) or 'none was asked'}[/dim]")
