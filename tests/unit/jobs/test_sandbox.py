"""A stranger's video is read by a process that may not take much, write anything or outlive its reader."""

import errno
import gc
import inspect
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from jobs import sandbox
from jobs.plan import Plan
from jobs.sandbox import Overrun, ReaderKilled, Send, SentBad, SentFrame, SentProgress, _run, frames_apart, probe_apart
from jobs.video import BadVideo
from tests.video_clips import number_of, numbered, write_clip
from tests.waiting import wait_until


def swallow_memory(send: Send) -> None:
    send(SentBad(str(np.ones(3 * 1024**3, np.uint8).any())))


def compute_for_ever(_: Send) -> None:
    while True:
        pass


def wait_for_ever(_: Send) -> None:
    time.sleep(1000)


def write_a_file(send: Send, path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            file.write(b"something")
    except OSError as problem:
        send(SentBad(errno.errorcode[problem.errno or 0]))


def fail_with(_: Send, number: int) -> None:
    raise OSError(number, "for this test")


def count_for_ever(send: Send) -> None:
    number = 0
    while True:
        send(SentFrame(number, 0.0, [], memoryview(b"")))
        number += 1


def fall(_: Send) -> None:
    os.abort()


def be_killed(_: Send) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lose_the_fork_server(_: Send) -> None:
    """The server that forked this process falls, and this process with it."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1000)


def send_a_pickle(send: Send, path: Path) -> None:
    """As a decoder would that a file has taken over: past `send`, with what multiprocessing itself would unpickle."""
    pipe = inspect.getclosurevars(send).nonlocals["pipe"]
    pipe.send(Opens(path))


class Opens:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def send_a_shape_that_lies(send: Send, *_: object) -> None:
    send(SentFrame(0, 0.0, [100, 100, 3], memoryview(b"a few bytes")))


def say_something_else(send: Send, *_: object) -> None:
    send(SentProgress())


def readers() -> list[psutil.Process]:
    """The processes under the fork server."""
    return [
        grandchild
        for child in psutil.Process().children()
        if "forkserver" in " ".join(child.cmdline())
        for grandchild in child.children()
    ]


def test_what_is_read_apart_is_what_is_in_it(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(50))
    assert probe_apart(path).codec == "h264"
    frames = list(frames_apart(path, "mp4", Plan(0.0, 5.0, 10), 0))
    assert [number_of(frame.picture) for frame in frames if not isinstance(frame.picture, bytes)] == list(
        range(0, 50, 5)
    )


def test_the_files_own_fault_is_told_in_its_words(tmp_path: Path) -> None:
    (tmp_path / "list.mp4").write_bytes(b"#EXTM3U\nhttp://127.0.0.1/a.ts\n")
    with pytest.raises(BadVideo, match="neither mp4"):
        probe_apart(tmp_path / "list.mp4")


def test_too_much_memory_is_an_overrun() -> None:
    with pytest.raises(BadVideo, match="memory"):
        list(_run(swallow_memory))


def test_too_much_computing_is_an_overrun() -> None:
    with pytest.raises(Overrun, match="longer"):
        list(_run(compute_for_ever, cpu_s=3))


def test_too_long_a_silence_is_an_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SILENCE_S", 0.2)
    with pytest.raises(Overrun, match="longer"):
        list(_run(wait_for_ever))
    assert not readers()


def test_a_decoder_that_falls_is_an_overrun() -> None:
    with pytest.raises(Overrun, match="brings the decoder down"):
        list(_run(fall))


def test_a_decoder_that_was_taken_over_can_make_nothing_run_here(tmp_path: Path) -> None:
    with pytest.raises(Overrun, match="nobody can read"):
        list(_run(send_a_pickle, tmp_path / "opened"))
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("work", [send_a_shape_that_lies, say_something_else])
def test_frames_that_make_no_sense_are_an_overrun(
    work: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_frames", work)
    with pytest.raises(Overrun):
        list(frames_apart(tmp_path, "mp4", Plan(0.0, 5.0, 10), 0))


def test_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadVideo, match="EFBIG"):
        list(_run(write_a_file, tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == b""


def test_what_is_this_machines_fault_is_not_told_as_the_files() -> None:
    with pytest.raises(OSError, match="for this test") as fault:
        list(_run(fail_with, errno.ENOSPC))
    assert fault.value.errno == errno.ENOSPC
    with pytest.raises(Overrun, match="brings the decoder down"):
        list(_run(fail_with, errno.EINVAL))
    assert not readers()


def test_a_reader_that_is_abandoned_ends() -> None:
    numbers = _run(count_for_ever)
    assert [next(numbers) for _ in range(3)] == [SentFrame(number, 0.0, [], memoryview(b"")) for number in range(3)]
    assert len(readers()) == 1
    del numbers
    gc.collect()
    wait_until(lambda: not readers())


@pytest.mark.parametrize("work", [be_killed, lose_the_fork_server])
def test_a_reader_that_somebody_kills_is_no_fault_of_the_video(work: Callable[..., None]) -> None:
    with pytest.raises(ReaderKilled):
        list(_run(work))
