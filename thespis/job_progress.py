"""How far an upload and its job are, as one bar on standard error; nothing where that is no terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from contracts.jobs import JobView
from thespis.job_words import frames_of


class JobProgressBar:
    """A context manager whose methods are what the clients call on their way."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[detail]}"),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._progress.add_task("uploading", total=None, detail="")

    def upload(self, sent: int, total: int) -> None:
        """So many bytes have gone."""
        detail = f"{sent / 1e6:.1f} of {total / 1e6:.1f} MB"
        self._progress.update(self._task, completed=sent, total=total, detail=detail)

    def frames(self, job: JobView) -> None:
        """The job stands like this now."""
        progress = job.progress
        self._progress.update(
            self._task, description=job.state, completed=progress.frames_done, total=progress.frames_total,
            detail=frames_of(job),
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
