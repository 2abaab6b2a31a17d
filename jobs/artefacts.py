"""Where a job's files lie: any place that fsspec knows, a folder by default. What is whole there outlives a power cut.

jobs/<id>/upload            the video, until the job no longer needs it
jobs/<id>/parts/<n>         a segment's crops, between detector and ensemble
jobs/<id>/segments/<n>      a segment's predictions, written once
jobs/<id>/results/...       what the client asked for, until it expires
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

import fsspec

from jobs.scratch import scratch

REMOVE_ATTEMPTS: Final = 5
"""Somebody may write into a folder, or remove from it, while it is removed; what is left then, a sweep will find."""


class Artefacts:
    """The artefact store at an fsspec URL. Raises OSError as the file system does."""

    def __init__(self, url: str) -> None:
        # Other file systems may not know the word, and have no folders to make.
        self._is_local = fsspec.utils.get_protocol(url) in ("file", "local")
        options = {"auto_mkdir": True} if self._is_local else {}
        self._files, self._root = fsspec.core.url_to_fs(url, **options)
        self._files.makedirs(self._root, exist_ok=True)

    def path(self, job_id: str, *parts: str) -> str:
        return "/".join((self._root, "jobs", job_id, *parts))

    def open(self, path: str, mode: str = "rb") -> IO[Any]:
        opened: IO[Any] = self._files.open(path, mode)
        return opened

    def write_whole(self, path: str, data: bytes) -> None:
        """Replaces the file in one step: a reader finds the old one, none or the new one."""
        with self._unfinished(path) as unfinished, self._files.open(unfinished, "wb") as file:
            file.write(data)

    def copy_whole(self, source: Path, path: str) -> None:
        """Brings a file of this machine into the store, in one step."""
        with self._unfinished(path) as unfinished:
            self._files.put_file(str(source), unfinished)

    @contextlib.contextmanager
    def _unfinished(self, path: str) -> Iterator[str]:
        """A path to write to, which becomes `path` when the block ends well and is removed when not."""
        unfinished = f"{path}.{uuid4().hex}.unfinished"
        try:
            yield unfinished
            self._files.mv(unfinished, path)
            self.settle(path)
        except BaseException:
            with contextlib.suppress(OSError):
                self._files.rm(unfinished)
            raise

    def settle(self, path: str) -> None:
        """Returns when the file is on the disk, with all folders that may have been made for it: the record that speaks
        of it will be, too. A store across the network answers for that itself.
        """
        if self._is_local:
            folders = list(Path(path).parents)
            for place in (Path(path), *folders[: folders.index(Path(self._root)) + 1]):
                _sync(place)

    def read(self, path: str) -> bytes:
        """Raises FileNotFoundError."""
        data: bytes = self._files.cat_file(path)
        return data

    def exists(self, path: str) -> bool:
        return bool(self._files.exists(path))

    def remove(self, path: str) -> None:
        """A file or a folder with all that is in it; nothing happens when it is not there."""
        for _ in range(REMOVE_ATTEMPTS):
            try:
                self._files.rm(path, recursive=True)
            except FileNotFoundError:
                if not self._files.exists(path):
                    return
            except OSError as problem:
                if problem.errno != errno.ENOTEMPTY:
                    raise

    def jobs(self) -> list[str]:
        """The ids of the jobs that have files."""
        self._files.invalidate_cache()  # of a store across the network, which others write to as well
        try:
            return [str(name).rsplit("/", 1)[-1] for name in self._files.ls(f"{self._root}/jobs", detail=False)]
        except FileNotFoundError:
            return []

    def free_bytes(self) -> int | None:
        """What is left on the disk; None where the store does not say."""
        if not self._is_local:
            return None
        return shutil.disk_usage(self._root).free

    @contextlib.contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """The file on this machine: itself, or a copy for as long as the block runs. Raises FileNotFoundError."""
        if self._is_local:
            if not os.path.exists(path):
                raise FileNotFoundError(path)
            yield Path(path)
            return
        with scratch() as folder:
            self._files.get_file(path, str(folder / "file"))
            yield folder / "file"


def _sync(path: Path) -> None:
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # who removed it meanwhile wants it on no disk
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
