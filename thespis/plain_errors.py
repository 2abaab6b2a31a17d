"""What went wrong, as one line for people.

one_line_errors            Of a server that is asked.
one_line_platform_errors   Of a platform that is started here.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting
from thespis.errors import BadKey, ThespisError


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends a command with one line for what its user can understand."""
    try:
        yield
    except (BadKey, ThespisError, OSError) as problem:  # Unreachable and TimeoutError are OSErrors
        raise click.ClickException(" ".join(str(problem).split())) from problem


@contextlib.contextmanager
def one_line_platform_errors() -> Iterator[None]:
    """Ends a command with one line for what keeps a platform from starting or going on, a full disk among it."""
    from thespis.data_folder import FolderTaken
    from thespis.supervisor import HopelessChild
    from thespis.up import NotReady, PortTaken

    try:
        with one_line_errors():
            yield
    except (BadSetting, BadModelTree, PortTaken, FolderTaken, NotReady, HopelessChild) as problem:
        raise click.ClickException(str(problem)) from problem


def check_video(path: Path) -> None:
    """Raises click.ClickException for a file that no server would take, before any of it is sent."""
    with one_line_errors():
        fault = _fault_of_video(_start_of(path))
    if fault:
        raise click.ClickException(f"{path}: {fault}")


def is_video(path: Path) -> bool:
    """Whether a file begins as a video (or a zip of pictures) does, and not as a picture.

    Raises click.ClickException for one that begins as neither, and OSError.
    """
    from contracts.picture_kinds import kind_of

    start = _start_of(path)
    fault = _fault_of_video(start)
    if fault and kind_of(start) is None:
        raise click.ClickException(f"{path}: it is no JPEG, PNG or WebP either; {fault}")
    return not fault


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _fault_of_video(start: bytes) -> str:
    from jobs.video import BadVideo, container_of

    try:
        container_of(start)
    except BadVideo as problem:
        return str(problem)
    return ""
