"""Folders on this machine for what is under way, which may show faces: gone with the block, or at the next start of a
worker if its process was killed.

A folder belongs to whoever holds a lock on it. The kernel frees the lock with the process, however that ends, and also
where process ids mean nothing to each other, as in two containers that share a folder.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime.settings import BadSetting

PREFIX: Final = "thespis-scratch-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this process for as long as the block runs."""
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep_scratch() -> None:
    """At a worker's start: removes the folders whose processes are gone. Raises BadSetting."""
    wanted = os.environ.get("TMPDIR")
    if wanted and Path(wanted).resolve() != Path(tempfile.gettempdir()).resolve():  # Python took another, quietly
        raise BadSetting(f"TMPDIR={wanted} can't be written to: make that folder for this user, or unset TMPDIR")
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with contextlib.suppress(OSError):  # another's to lock, or to remove
            lock = _opened(folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with contextlib.suppress(FileNotFoundError):  # taken for abandoned before it was locked
            lock = _opened(folder)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
