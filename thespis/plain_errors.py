"""What went wrong, as one line for people."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from thespis.errors import BadKey, ThespisError


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends a command with one line for what its user can understand."""
    try:
        yield
    except (BadKey, ThespisError, OSError) as problem:  # Unreachable and TimeoutError are OSErrors
        raise click.ClickException(" ".join(str(problem).split())) from problem


def check_video(path: Path) -> None:
    """Raises click.ClickException for a file that no server would take, before any of it is sent."""
    with one_line_errors():
        fault = _fault_of_video(path)
    if fault:
        raise click.ClickException(f"{path}: {fault}")


def is_video(path: Path) -> bool:
    """Whether a file begins as a video (or a zip of pictures) does. Raises OSError."""
    return not _fault_of_video(path)


def _fault_of_video(path: Path) -> str:
    from jobs.video import BadVideo, container_of

    with path.open("rb") as file:
        start = file.read(16)
    try:
        container_of(start)
    except BadVideo as problem:
        return str(problem)
    return ""
