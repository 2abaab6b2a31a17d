"""Files on their way to the server and back, never whole in memory."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

Video = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a file opened for reading them, from its start; no pipe."""

OnUpload = Callable[[int, int], None]
"""Called with the bytes sent so far and all there are."""


class _CountedFile:
    """A file that tells how much of it was read, without a `fileno`: a GzipFile's is of a file of another size."""

    def __init__(self, file: IO[bytes], on_upload: OnUpload | None) -> None:
        """Raises OSError for a pipe or the like, which could not be sent again after a lost connection."""
        self._file = file
        self._on_upload = on_upload
        self._total = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        if self._on_upload is not None:
            self._on_upload(self._file.tell(), self._total)
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    @property
    def closed(self) -> bool:
        return self._file.closed


@contextlib.contextmanager
def opened(video: Video, on_upload: OnUpload | None) -> Iterator[tuple[str, IO[bytes]]]:
    """The video's name and a file to read it from; a file that was given stays open. Raises OSError."""
    with contextlib.ExitStack() as stack:
        if isinstance(video, bytes):
            name, file = "video", cast(IO[bytes], io.BytesIO(video))
        elif isinstance(video, str | os.PathLike):
            name, file = _shown(Path(video)), stack.enter_context(Path(video).open("rb"))
        else:
            name, file = _shown(Path(str(getattr(video, "name", "video")))), video
        yield name, cast(IO[bytes], _CountedFile(file, on_upload))


def _shown(path: Path) -> str:
    """The file's name; what in it is no UTF-8, as a file system allows, can't be sent."""
    return os.fsencode(path.name).decode("utf-8", "replace")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that bears its name only when all of it is there. Raises OSError.

    What is there already and is no file, as /dev/stdout or a pipe, is written to as it comes; a link is followed.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    path = path.resolve()
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
