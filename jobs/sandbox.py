"""Reading a stranger's video in a process of its own, which may take so much memory and time and may write nothing.

A file that crashes the decoder, swells or never ends costs its own job and nobody else's worker. The processes are
forked from a server that has everything imported already, so that one costs milliseconds.

Failures: BadVideo from the file itself (jobs/video.py), or `Overrun` when the process broke a limit or fell.
"""

import multiprocessing
import multiprocessing.connection
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from contracts.jobs import VideoFacts
from jobs.annotate import annotate
from jobs.plan import Plan
from jobs.video import BadVideo, SampledFrame, probe, sampled_frames
from runtime.parent import end_with_parent

MEMORY_BYTES: Final = 2 * 1024**3
CPU_S: Final = 120
"""For one segment: a hundred times what an ordinary one takes."""

SILENCE_S: Final = 300.0
"""Between two things that it sends, whatever it waits for."""

MOST_ANNOTATED_BYTES: Final = 8 * 1024**3

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["jobs.annotate"])


class Overrun(BadVideo):
    """Raised when a file took more than the limits or brought the decoder down."""


def probe_apart(path: Path) -> VideoFacts:
    """What a video is. Raises BadVideo."""
    (facts,) = _run(_probe, path)
    return facts  # type: ignore[no-any-return]


def frames_apart(path: Path, container: str, plan: Plan, segment: int) -> Iterator[SampledFrame]:
    """The sampled frames of a segment, one at a time. Raises BadVideo."""
    for tick, time_s, shape, pixels in _run(_frames, path, container, plan, segment):
        if shape is None:
            yield SampledFrame(tick, time_s, pixels, None)
        else:
            yield SampledFrame(tick, time_s, None, np.frombuffer(pixels, np.uint8).reshape(shape))


def annotate_apart(
    upload: Path, facts: VideoFacts, plan: Plan, rows_path: Path, target: Path, check: Callable[[], None]
) -> None:
    """Writes the annotated video to `target` (jobs/annotate.py), calling `check` now and then. Raises BadVideo."""
    for _ in _run(_annotate, upload, facts, plan, rows_path, target, cpu_s=None, file_bytes=MOST_ANNOTATED_BYTES):
        check()


Send = Callable[[Any], None]


def _probe(send: Send, path: Path) -> None:
    send(probe(path))


def _frames(send: Send, path: Path, container: str, plan: Plan, segment: int) -> None:
    for frame in sampled_frames(path, container, plan, segment):
        if frame.bgr_image is None:
            send((frame.tick, frame.time_s, None, frame.encoded))
        else:
            send((frame.tick, frame.time_s, frame.bgr_image.shape, frame.bgr_image.tobytes()))


def _annotate(send: Send, upload: Path, facts: VideoFacts, plan: Plan, rows_path: Path, target: Path) -> None:
    annotate(upload, facts, plan, rows_path, target, lambda: send(None))


def _run(
    work: Callable[..., None], *arguments: object, cpu_s: int | None = CPU_S, file_bytes: int = 0
) -> Iterator[Any]:
    """What `work` sends, as it sends it; an abandoned iterator ends the process."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(
        target=_work_within_limits, args=(theirs, work, arguments, cpu_s, file_bytes), daemon=True
    )
    process.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(SILENCE_S):
                raise Overrun("reading it takes longer than a video may")
            kind, value = ours.recv()
            if kind == "end":
                return
            if kind == "bad":
                raise BadVideo(value)
            yield value
    except EOFError:
        process.join()
        raise Overrun(_what_happened(process.exitcode)) from None
    finally:
        ours.close()
        process.kill()
        process.join()


def _work_within_limits(
    pipe: multiprocessing.connection.Connection,
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    cpu_s: int | None,
    file_bytes: int,
) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        work(lambda value: pipe.send(("value", value)), *arguments)
        pipe.send(("end", None))
    except BadVideo as problem:
        pipe.send(("bad", str(problem)))
    except MemoryError:
        pipe.send(("bad", "reading it takes more memory than a video may"))
    except BrokenPipeError:
        return


def _what_happened(exit_code: int | None) -> str:
    if exit_code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "reading it takes longer than a video may"
    return f"it brings the decoder down (exit code {exit_code})"
