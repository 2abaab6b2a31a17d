"""What lies outside the store while a job is worked on goes when its process does."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from jobs import working
from jobs.scratch import PREFIX, scratch

WORKER = """
import sys
from jobs.scratch import scratch
with scratch() as folder:
    (folder / "rows.ndjson").write_text("faces")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@contextmanager
def worker() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a folder of its own, which it has written to."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def start_a_worker() -> int:
    with mock.patch.object(working, "run_worker", return_value=0):
        return working.serve_stages(mock.Mock(), mock.Mock(), "jobs", {})


def test_a_folder_is_gone_with_its_block() -> None:
    with scratch() as folder:
        (folder / "rows.ndjson").write_text("faces")
    assert not folder.exists()


def test_what_a_killed_worker_left_is_removed_and_what_others_work_on_stays(tmp_path: Path) -> None:
    (tmp_path / "thespis-of-somebody-else").mkdir()
    (tmp_path / f"{PREFIX}elsewhere").symlink_to(tmp_path / "thespis-of-somebody-else")
    with worker() as (killed, left), worker() as (_, others), scratch() as ours:
        killed.kill()
        killed.wait()
        assert (left / "rows.ndjson").exists()
        start_a_worker()
        assert not left.exists()
        assert (others / "rows.ndjson").exists()
        assert ours.exists()
    assert (tmp_path / "thespis-of-somebody-else").exists()


def test_a_worker_that_can_not_write_where_it_should_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python would quietly use /tmp, which is a small piece of memory in a container."""
    assert start_a_worker() == 0
    monkeypatch.setenv("TMPDIR", str(tmp_path / "not-there"))
    assert start_a_worker() != 0
    assert "not-there can't be written to" in "".join(capsys.readouterr())
