"""The artefact store: whole files or none, wherever they lie."""

import errno
import os
import uuid
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from jobs.artefacts import Artefacts


class StrictFileSystem(MemoryFileSystem):
    """Refuses, as s3fs does, a keyword that it does not know."""

    protocol = "strict"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def __init__(self) -> None:
        super().__init__()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("strict://"))


@pytest.fixture(params=["file", "memory", "strict"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Artefacts:
    fsspec.register_implementation("strict", StrictFileSystem, clobber=True)
    if request.param == "file":
        return Artefacts(f"file://{tmp_path}/store")
    return Artefacts(f"{request.param}://{uuid.uuid4().hex}")


def test_what_is_written_is_read_and_removed(store: Artefacts) -> None:
    path = store.path("job", "segments", "3")
    store.write_whole(path, b"first")
    store.write_whole(path, b"second")
    assert (store.read(path), store.exists(path)) == (b"second", True)
    assert store.jobs() == ["job"]
    with store.local(path) as local:
        assert local.read_bytes() == b"second"
    store.remove(store.path("job"))
    store.remove(store.path("job"))
    assert not store.exists(path)
    assert store.jobs() == []
    with pytest.raises(FileNotFoundError):
        store.read(path)
    with pytest.raises(FileNotFoundError), store.local(path):
        pass


def test_a_file_of_this_machine_is_brought_in(store: Artefacts, tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"rows")
    store.copy_whole(tmp_path / "rows", store.path("job", "results", "rows"))
    assert store.read(store.path("job", "results", "rows")) == b"rows"


@pytest.mark.parametrize("root", ["store", "./store", "/store/"])
@pytest.mark.parametrize("way", ["write", "copy", "stream"])
def test_what_a_record_may_speak_of_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, root: str
) -> None:
    synced = set()
    monkeypatch.setattr(os, "fsync", lambda opened: synced.add(os.readlink(f"/proc/self/fd/{opened}")))
    store = Artefacts(f"file://{tmp_path}/{root}")
    path = store.path("job", "results", "rows")
    if way == "write":
        store.write_whole(path, b"rows")
    elif way == "copy":
        (tmp_path / "rows").write_bytes(b"rows")
        store.copy_whole(tmp_path / "rows", path)
    else:
        with store.open(path, "wb") as file:
            file.write(b"rows")
        store.settle(path)
    made = ("jobs/job/results/rows", "jobs/job/results", "jobs/job", "jobs", "")
    assert synced == {str(tmp_path / "store" / name) for name in made}


def test_who_removes_a_file_meanwhile_breaks_nothing(store: Artefacts) -> None:
    store.settle(store.path("job", "upload"))


@pytest.mark.parametrize("way", ["write", "copy"])
def test_a_write_that_fails_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    store = Artefacts(f"file://{tmp_path}/store")
    path = store.path("job", "results", "rows")
    store.write_whole(path, b"old")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "mv", full)
    (tmp_path / "new").write_bytes(b"new")
    write = {"write": lambda: store.write_whole(path, b"new"), "copy": lambda: store.copy_whole(tmp_path / "new", path)}
    with pytest.raises(OSError, match="No space"):
        write[way]()
    assert [file.name for file in (tmp_path / "store").rglob("*") if file.is_file()] == ["rows"]
    assert store.read(path) == b"old"


def test_a_folder_that_others_write_into_meanwhile_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Artefacts(f"file://{tmp_path}/store")
    store.write_whole(store.path("job", "parts", "1"), b"part")
    remove = fsspec.implementations.local.LocalFileSystem.rm
    late = iter([OSError(errno.ENOTEMPTY, "Directory not empty"), FileNotFoundError("parts/1")])

    def disturbed(self: Any, *args: Any, **named: Any) -> None:
        if (problem := next(late, None)) is not None:
            raise problem
        remove(self, *args, **named)

    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "rm", disturbed)
    store.remove(store.path("job"))
    assert store.jobs() == []


def test_free_bytes_are_told_where_the_store_knows_them(tmp_path: Path) -> None:
    assert (Artefacts(f"file://{tmp_path}").free_bytes() or 0) > 0
    assert Artefacts("memory://free").free_bytes() is None
