"""Reading a stranger's video in a process of its own, which may take so much memory and time and may write nothing.

A file that crashes the decoder, swells or never ends costs its own job and nobody else's worker. The processes are
forked from a server that has everything imported already, so that one costs milliseconds.

Failures: BadVideo from the file itself (jobs/video.py), `Overrun` when the process broke a limit or fell, ReaderKilled,
and OSError where this machine is at fault, such as a disk that is full.
"""

import contextlib
import fcntl
import math
import multiprocessing
import multiprocessing.connection
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import av.error
import msgspec
import numpy as np
import numpy.typing as npt

from contracts.jobs import VideoFacts
from jobs.annotate import annotate
from jobs.plan import Plan
from jobs.video import MAX_PIXELS, BadVideo, SampledFrame, is_our_fault, probe, sampled_frames
from runtime.parent import end_with_parent, leave_no_core

MEMORY_BYTES: Final = 2 * 1024**3
CPU_S: Final = 120
"""For one segment: a hundred times what an ordinary one takes."""

CPU_S_PER_ANNOTATED_FRAME: Final = 0.5
"""Besides, for each frame up to the end of the annotated stretch: a file without an index is read from its start."""

SILENCE_S: Final = 300.0
"""Between two things that it sends, whatever it waits for."""

PIPE_BYTES: Final = 1024**2
"""Linux's most for everybody: a frame of 640×480 crosses at once, not in fifteen turns of writing and reading."""

MOST_ANNOTATED_BYTES: Final = 8 * 1024**3

SERVER_KILLED: Final = 255
"""What multiprocessing gives as exit code of a process whose fork server is gone: it fell with it."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["jobs.annotate"])


class Overrun(BadVideo):
    """Raised when a file took more than the limits or brought the decoder down."""


class ReaderKilled(RuntimeError):
    """Raised when somebody else ended the process, such as an operator or a kernel short of memory: try again."""


class SentFacts(msgspec.Struct, frozen=True, tag="facts"):
    """What a video is."""

    facts: VideoFacts


class SentFrame(msgspec.Struct, frozen=True, tag="frame"):
    """A sampled frame: `shape` is that of decoded pixels, empty for a picture that is still encoded.

    A memoryview, not bytes, which would be copied once more on either side: a millisecond for a frame of 640×480.
    """

    tick: int
    time_s: float
    shape: list[int]
    pixels: memoryview


class SentProgress(msgspec.Struct, frozen=True, tag="progress"):
    """It goes on."""


class SentEnd(msgspec.Struct, frozen=True, tag="end"):
    """That was all."""


class SentBad(msgspec.Struct, frozen=True, tag="bad"):
    """The file is at fault."""

    message: str


class SentOurFault(msgspec.Struct, frozen=True, tag="our_fault"):
    """The file is not to blame, but this machine."""

    errno: int
    message: str


Sent = SentFacts | SentFrame | SentProgress | SentEnd | SentBad | SentOurFault
Send = Callable[[Sent], None]

# Not what multiprocessing itself would send: a decoder that a file has taken over must not get its way here by pickle.
ENCODER: Final = msgspec.msgpack.Encoder()
DECODER: Final[msgspec.msgpack.Decoder[Sent]] = msgspec.msgpack.Decoder(Sent)
MOST_SENT_BYTES: Final = 4 * MAX_PIXELS


def probe_apart(path: Path) -> VideoFacts:
    """What a video is. Raises BadVideo."""
    (sent,) = _run(_probe, path)
    if not isinstance(sent, SentFacts):
        raise Overrun("the decoder said something else than what it was asked")
    return sent.facts


def frames_apart(path: Path, container: str, plan: Plan, segment: int) -> Iterator[SampledFrame]:
    """The sampled frames of a segment, one at a time. Raises BadVideo."""
    for sent in _run(_frames, path, container, plan, segment):
        if not isinstance(sent, SentFrame):
            raise Overrun("the decoder said something else than what it was asked")
        yield SampledFrame(sent.tick, sent.time_s, _picture(sent))


def _picture(sent: SentFrame) -> bytes | npt.NDArray[np.uint8]:
    if not sent.shape:
        return bytes(sent.pixels)
    if len(sent.shape) != 3 or math.prod(sent.shape) != len(sent.pixels) or min(sent.shape) < 1:
        raise Overrun("the decoder sent pixels of another shape than it said")
    return np.frombuffer(sent.pixels, np.uint8).reshape(sent.shape)


def annotate_apart(
    upload: Path, facts: VideoFacts, plan: Plan, rows_path: Path, target: Path, check: Callable[[], None]
) -> None:
    """Writes the annotated video to `target` (jobs/annotate.py), calling `check` at times. Raises BadVideo, OSError."""
    frames = facts.fps * plan.time_of(plan.ticks)
    cpu_s = CPU_S + math.ceil(CPU_S_PER_ANNOTATED_FRAME * frames)
    for _ in _run(_annotate, upload, facts, plan, rows_path, target, cpu_s=cpu_s, file_bytes=MOST_ANNOTATED_BYTES):
        check()


def _probe(send: Send, path: Path) -> None:
    send(SentFacts(probe(path)))


def _frames(send: Send, path: Path, container: str, plan: Plan, segment: int) -> None:
    for frame in sampled_frames(path, container, plan, segment):
        if isinstance(frame.picture, bytes):
            send(SentFrame(frame.tick, frame.time_s, [], memoryview(frame.picture)))
        else:
            send(SentFrame(frame.tick, frame.time_s, list(frame.picture.shape), frame.picture.data.cast("B")))


def _annotate(send: Send, upload: Path, facts: VideoFacts, plan: Plan, rows_path: Path, target: Path) -> None:
    annotate(upload, facts, plan, rows_path, target, lambda: send(SentProgress()))


def _run(work: Callable[..., None], *arguments: object, cpu_s: int = CPU_S, file_bytes: int = 0) -> Iterator[Sent]:
    """What `work` sends, as it sends it; an abandoned iterator ends the process."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # where the user has too many large ones already
            fcntl.fcntl(ours.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    process = _CONTEXT.Process(
        target=_work_within_limits, args=(theirs, work, arguments, cpu_s, file_bytes), daemon=True
    )
    process.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(SILENCE_S):
                raise Overrun("reading it takes longer than a video may")
            sent = DECODER.decode(ours.recv_bytes(MOST_SENT_BYTES))
            if isinstance(sent, SentEnd):
                return
            if isinstance(sent, SentBad):
                raise BadVideo(sent.message)
            if isinstance(sent, SentOurFault):
                break
            yield sent
    except EOFError:
        process.join()
        if process.exitcode in (-signal.SIGKILL, SERVER_KILLED):
            raise ReaderKilled("the process that reads the video was killed") from None
        raise Overrun(_what_happened(process.exitcode)) from None
    except (OSError, msgspec.MsgspecError) as problem:
        raise Overrun("the decoder sent what nobody can read") from problem
    finally:
        ours.close()
        process.kill()
        process.join()
    raise OSError(sent.errno, sent.message)


def _work_within_limits(
    pipe: multiprocessing.connection.Connection,
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    cpu_s: int,
    file_bytes: int,
) -> None:
    def send(sent: Sent) -> None:
        pipe.send_bytes(ENCODER.encode(sent))

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # SIGXCPU at the first
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    leave_no_core()
    try:
        work(send, *arguments)
        send(SentEnd())
    except BadVideo as problem:
        send(SentBad(str(problem)))
    except MemoryError:
        send(SentBad("reading it takes more memory than a video may"))
    except BrokenPipeError:
        return
    except OSError as problem:
        if is_our_fault(problem):
            send(SentOurFault(problem.errno or 0, str(problem)))
        elif isinstance(problem, av.error.FFmpegError):
            send(SentBad(f"it can't be read: {problem.strerror}"))
        else:
            raise


def _what_happened(exit_code: int | None) -> str:
    if exit_code == -signal.SIGXCPU:
        return "reading it takes longer than a video may"
    return f"it brings the decoder down (exit code {exit_code})"
