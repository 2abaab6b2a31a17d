"""Files on their way to the server and back."""

import gzip
import io
import os
from pathlib import Path

import httpx
import pytest

from thespis.transfers import opened, whole_file


def test_a_path_is_read_under_its_own_name_and_closed_again(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"moving")
    with opened(str(clip), None) as (name, file):
        assert (name, file.read()) == ("clip.mp4", b"moving")
    assert file.closed


def test_a_name_that_is_no_utf_8_is_sent_as_far_as_it_is(tmp_path: Path) -> None:
    clip = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    clip.write_bytes(b"moving")
    with opened(clip, None) as (name, _):
        assert name == "caf\ufffd.mp4"


def test_bytes_and_an_open_file_are_taken_as_they_are() -> None:
    with opened(b"moving", None) as (name, file):
        assert (name, file.read()) == ("video", b"moving")
    given = io.BytesIO(b"moving")
    with opened(given, None) as (_, file):
        assert file.read() == b"moving"
    assert not given.closed


def test_a_compressed_file_is_as_long_as_what_is_read_from_it(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "clip.gz", "wb") as file:
        file.write(bytes(10_000))
    with gzip.open(tmp_path / "clip.gz") as given, opened(given, None) as (_, file):
        request = httpx.Request("POST", "http://localhost", files={"video": file})
        assert len(request.read()) > 10_000


def test_a_pipe_is_refused_since_it_could_not_be_sent_again() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb"), pytest.raises(OSError, match="seek"), opened(pipe, None):
        pass


def test_the_way_of_an_upload_is_told_as_it_goes() -> None:
    told: list[tuple[int, int]] = []
    with opened(b"0123456789", lambda sent, total: told.append((sent, total))) as (_, file):
        while file.read(4):
            pass
    assert told == [(4, 10), (8, 10), (10, 10), (10, 10)]


def lose_the_connection_while_writing(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"half")
        raise ConnectionError


def test_a_file_that_did_not_come_whole_does_not_bear_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with pytest.raises(ConnectionError):
        lose_the_connection_while_writing(path)
    assert list(tmp_path.iterdir()) == []
    with whole_file(path) as file:
        file.write(b"all of it")
    assert path.read_bytes() == b"all of it"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As `--csv /dev/stdout` and `--csv >(gzip > rows.csv.gz)` need it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as file:
        file.write(b"rows")
    assert os.read(reading, 100) == b"rows"
    os.close(reading)
    assert pipe.is_fifo()


def test_a_link_goes_on_leading_to_its_file(tmp_path: Path) -> None:
    link, there = tmp_path / "latest.csv", tmp_path / "rows.csv"
    link.symlink_to(there)
    with whole_file(link) as file:
        file.write(b"rows")
    assert link.is_symlink()
    assert there.read_bytes() == b"rows"
