"""The folder of what outlives a platform: it belongs to one platform at a time, which says there where its Redis is."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from runtime.settings import BadSetting


class FolderTaken(RuntimeError):
    """Raised when another platform keeps its jobs in the data folder."""


@contextlib.contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Keeps a second platform out of the same data. Raises FolderTaken, and BadSetting where no data can be kept."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = (folder / "lock").open("w")
    except OSError as problem:
        raise BadSetting(f"THESPIS_DATA_PATH: {folder} can't be used as a folder: {problem.strerror}") from problem
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise FolderTaken(f"{folder} is used by another platform: choose another with --data-path") from problem
        yield


@contextlib.contextmanager
def jobs_redis_told(folder: Path, url: str) -> Iterator[None]:
    """While the block runs, the folder tells where its jobs Redis is, or "" that it has none; for `thespis keys`."""
    _write_privately(address_file(folder), url)
    try:
        yield
    finally:
        address_file(folder).unlink(missing_ok=True)


@contextlib.contextmanager
def redis_password(folder: Path) -> Iterator[str]:
    """A new password for the Redis of the block, which read it from `password_file`: a command line can be read by all
    who have an account on the machine.
    """
    password = secrets.token_urlsafe(32)
    _write_privately(password_file(folder), f"requirepass {password}\n")
    try:
        yield password
    finally:
        password_file(folder).unlink(missing_ok=True)


def _write_privately(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def password_file(folder: Path) -> Path:
    return folder / "redis-password.conf"


def address_file(folder: Path) -> Path:
    return folder / "jobs-redis-url"
