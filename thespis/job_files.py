"""The files of a job that has ended: the options that name them, and how they are fetched once it took so long."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from contracts.jobs import JobView
from thespis.errors import ThespisError, Unreachable

if TYPE_CHECKING:  # imported where a command runs, so that --help is quick
    from thespis.calls import Download
    from thespis.client import Client

ReplyT = TypeVar("ReplyT")


class NewFile(click.Path):
    """A file to be written, in a folder that is there: said before the job runs and not after."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        path = super().convert(value, param, ctx)
        if not Path(os.fsdecode(path)).absolute().parent.is_dir():
            self.fail(f"there is no folder {Path(os.fsdecode(path)).parent}", param, ctx)
        return path


csv_option = click.option("--csv", type=NewFile(), help="Write the rows, one a face and sampled frame, as CSV.")
plot_option = click.option("--plot", type=NewFile(), help="Write each face's timeline as PNG.")
annotated_option = click.option(
    "--annotated", type=NewFile(), help="Write the video with boxes and bars drawn, as WebM."
)


def wanted_files(csv: Path | None, plot: Path | None, annotated: Path | None) -> "dict[Download, Path]":
    """Which of a job's files are wished for, and where they go."""
    files: dict[Download, Path | None] = {"results.csv": csv, "timeline.png": plot, "annotated": annotated}
    return {what: path for what, path in files.items() if path is not None}


def write_files(client: "Client", job: JobView, wanted: "Mapping[Download, Path]") -> list[Path]:
    """Writes the files; gives those that an ended job has not, and says in its message why."""
    return [path for what, path in wanted.items() if not _written(client, job, what, path)]


def check_nothing_lacks(job: JobView, lacking: list[Path]) -> None:
    """Raises click.ClickException with what was not written, and the job's reason."""
    if lacking:
        raise click.ClickException(": ".join([*(f"{path} was not written" for path in lacking), job.message]))


def _written(client: "Client", job: JobView, what: "Download", path: Path) -> bool:
    """False where the job ended well and says in its message why it has no such file."""
    once_only = path.exists() and not path.is_file()  # a pipe does not give back what it was given
    try:
        if once_only:
            client.download(job.id, what, path)
        else:
            patiently(lambda: client.download(job.id, what, path))
    except ThespisError as problem:
        if problem.problem.status != 404 or not job.message:
            raise
        return False
    return True


def patiently(ask: Callable[[], ReplyT]) -> ReplyT:
    """Asks again, for up to a minute, after what passes by itself: the job is done, its server was there just now."""
    from thespis.waiting import Waiting

    waiting = Waiting(None, known=True)
    while True:
        try:
            return ask()
        except (ThespisError, Unreachable) as problem:
            time.sleep(waiting.troubled(problem))


@contextlib.contextmanager
def naming(job: JobView) -> Iterator[None]:
    """Tells with each error which job it was, and how to have what it found: it may have run for hours."""
    try:
        yield
    except (ThespisError, OSError) as problem:
        raise click.ClickException(
            f"{' '.join(str(problem).split())}; `thespis job {job.id}` shows what was found, with --csv, --plot or "
            "--annotated it writes the files"
        ) from problem
