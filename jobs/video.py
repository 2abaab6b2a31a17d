"""Reading a video: what it is, and the frames of one segment. Runs in a process of its own (jobs/sandbox.py).

The container is told by its first bytes and PyAV is given that one demuxer, so a playlist that names other files or
hosts is never opened. Motion JPEG is handed on as it is encoded: a job sees the very bytes that a live session would.

BadVideo   Raised when a file is not a video that we read; the sender's to correct, a retry is useless.
"""

import errno
import io
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
import PIL.Image

from contracts.jobs import VideoFacts
from jobs.losses import Losses
from jobs.plan import Plan

MAX_PIXELS: Final = 4096 * 2304
MAX_FPS: Final = 1000.0
MAX_PICTURES: Final = 20_000
MAX_PICTURE_PIXELS: Final = 25_000_000
MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
MAX_ZIP_BYTES: Final = 4 * 1024**3
SKIPPED_BYTES: Final = 4096
"""More than a container puts between two packets."""
OUR_FAULTS: Final = frozenset(
    {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE}
)
"""What an OSError says that no file can cause."""
PICTURE_FORMATS: Final = ("JPEG", "PNG", "WEBP")
PICTURE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")


class BadVideo(ValueError):
    """Raised when a file is not a video that we read."""


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """The frame that is looked at in one tick. `picture` is still encoded (no bytes where it can't be decoded), or bgr
    uint8 [height, width, 3] as displayed.
    """

    tick: int
    time_s: float
    picture: bytes | npt.NDArray[np.uint8]


def container_of(start: bytes) -> str:
    """PyAV's name of the demuxer for a file that begins so, or "zip". Raises BadVideo."""
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mp4"
    if start[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "avi"
    if start[:4] == b"PK\x03\x04":
        return "zip"
    raise BadVideo("neither mp4, mov, webm, mkv, avi nor a zip of pictures")


def probe(path: Path) -> VideoFacts:
    """Raises BadVideo."""
    with path.open("rb") as file:
        container = container_of(file.read(16))
    if container == "zip":
        return _probe_zip(path)
    with _opened(path, container) as opened:
        stream = _video_stream(opened)
        duration_s, fps = _duration_and_fps(opened, stream)
        if not 0 < fps <= MAX_FPS:
            raise BadVideo(f"{fps:g} frames a second are not what a camera gives")
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise BadVideo(f"{context.width}×{context.height} is more than {MAX_PIXELS:,} pixels")
        first = next(_decoded(opened, stream), None)
        if first is None:
            raise BadVideo("there is no frame in it that can be decoded")
        turned = first.rotation % 180 != 0
        width, height = (first.height, first.width) if turned else (first.width, first.height)
        # The one is counted or declared, the other the slowest at which the first times that are read all fall.
        constant = stream.average_rate is not None and stream.average_rate == stream.base_rate
        return VideoFacts(container, context.name, width, height, round(fps, 6), duration_s, constant)


def sampled_frames(path: Path, container: str, plan: Plan, segment: int) -> Iterator[SampledFrame]:
    """The first frame of each tick of a segment, in order. Raises BadVideo, also behind the last frame when damage took
    others from between them.
    """
    ticks = plan.ticks_of(segment)
    if container == "zip":
        yield from _sampled_pictures(path, plan, ticks)
        return
    with _opened(path, container) as opened:
        stream = _video_stream(opened)
        as_encoded = _is_shown_as_encoded(opened, stream)
        _seek(opened, stream, plan.time_of(ticks.start))
        losses = Losses(plan, ticks)
        shown: Iterator[tuple[float, bytes | av.VideoFrame]]
        if as_encoded:
            shown = _packets(opened, stream, losses)
        else:
            shown = ((_time_s(frame.pts, stream), frame) for frame in _decoded(opened, stream, losses))
        last = ticks.start - 1
        for time_s, frame in shown:
            losses.shown(time_s)
            tick = plan.tick_at(time_s)
            if tick >= ticks.stop:
                break
            if tick > last and tick >= ticks.start:
                last = tick
                yield SampledFrame(tick, time_s, bounded(frame) if isinstance(frame, bytes) else upright(frame))
    if losses.ticks_lost:
        raise BadVideo(f"the file is damaged: {losses.ticks_lost} of {len(ticks)} sampled frames can't be read")


def opened_video(path: Path, container: str, start_s: float = 0.0) -> Iterator[tuple[float, av.VideoFrame]]:
    """The frames of a video in the order of showing, each with its time in seconds, from the key frame before `start_s`
    on. Raises BadVideo.
    """
    with _opened(path, container) as opened:
        stream = _video_stream(opened)
        _seek(opened, stream, start_s)
        for frame in _decoded(opened, stream):
            yield _time_s(frame.pts, stream), frame


def bounded(encoded: bytes) -> bytes:
    """The same picture, or no bytes where its header can't be read or claims more pixels than anybody may unfold: who
    decodes it has no limits of its own.
    """
    if not encoded:
        return encoded
    try:
        shown = io.BytesIO(encoded)
        with warnings.catch_warnings(action="ignore"), PIL.Image.open(shown, formats=PICTURE_FORMATS) as picture:
            return encoded if picture.width * picture.height <= MAX_PICTURE_PIXELS else b""
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError):
        return b""


def upright(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """uint8 bgr [height, width, 3], turned as the container says it is to be shown."""
    bgr_image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    quarter_turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(bgr_image, quarter_turns)) if quarter_turns else bgr_image


def is_our_fault(problem: BaseException) -> bool:
    """Whether this machine is to blame and no file: then it is worth another try."""
    if isinstance(problem, av.error.FFmpegError) and problem.errno == errno.EIO:
        return False  # FFmpeg's word for a Matroska that ends too early
    return isinstance(problem, OSError) and problem.errno in OUR_FAULTS


def _opened(path: Path, container: str) -> av.container.InputContainer:
    try:
        return av.open(str(path), format=container, options={"protocol_whitelist": "file", "enable_drefs": "0"})
    except (av.error.FFmpegError, ValueError) as problem:
        if is_our_fault(problem):
            raise
        raise BadVideo(
            f"it can't be opened as {container}: {getattr(problem, 'strerror', None) or problem}"
        ) from problem


def _video_stream(opened: av.container.InputContainer) -> av.VideoStream:
    if not opened.streams.video:
        raise BadVideo("there is no video in it")
    stream = opened.streams.video[0]
    stream.thread_type = "NONE"
    return stream


def _decoded(
    opened: av.container.InputContainer, stream: av.VideoStream, losses: Losses | None = None
) -> Iterator[av.VideoFrame]:
    """Frames in the order of showing; what is damaged is left out, as players do, and told to `losses`."""
    last = -1
    for packet in _demuxed(opened, stream, losses):
        try:
            for frame in packet.decode():
                if frame.width * frame.height > MAX_PIXELS:
                    raise BadVideo(f"a frame in it is {frame.width}×{frame.height}, more than {MAX_PIXELS:,} pixels")
                if opened.format.name == "avi":
                    last = frame.pts = _pts_in_avi(frame, stream, last)
                if frame.pts is not None:
                    yield frame
        except av.error.InvalidDataError:
            if losses is not None and packet.dts is not None:
                losses.damaged(_time_s(packet.dts if packet.pts is None else packet.pts, stream))


def _demuxed(
    opened: av.container.InputContainer, stream: av.VideoStream, losses: Losses | None
) -> Iterator["av.Packet[av.VideoStream]"]:
    """The packets of the video. `losses` is told where bytes between packets were skipped, which Matroska's demuxer
    does without a word, and where it ends.
    """
    if losses is None:
        yield from opened.demux(stream)
        return
    read_to: int | None = None
    reached_s = 0.0
    for packet in opened.demux():
        time_base = packet.time_base
        if packet.size and packet.pts is not None and time_base:
            # Where the container declares one length for all, sound that goes on behind the last frame counts, too.
            if packet.stream is stream or not stream.duration:
                reached_s = max(reached_s, float((packet.pts + (packet.duration or 0)) * time_base))
            if opened.format.name.startswith("matroska") and packet.pos is not None:
                if read_to is not None and packet.pos - read_to > SKIPPED_BYTES:
                    losses.damaged(float(packet.pts * time_base) - _start_s(stream))
                read_to = packet.pos + packet.size
        if packet.stream is stream:
            yield cast("av.Packet[av.VideoStream]", packet)
    declared_s = _declared_s(opened, stream)
    if declared_s is not None:
        start_s = _start_s(stream)
        losses.ended(reached_s - start_s, declared_s if stream.duration else declared_s - start_s)


def _start_s(stream: av.VideoStream) -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _pts_in_avi(frame: av.VideoFrame, stream: av.VideoStream, last: int) -> int:
    """AVI stores no times of showing, and what FFmpeg makes up is out of order where frames are. But frames come out in
    order, each with the time of the packet that brought it out: one later, or two with H.264, where frames are so.
    """
    if frame.dts is None:
        return last + 1
    return frame.dts - int(stream.codec_context.has_b_frames)


def _is_shown_as_encoded(opened: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether it is Motion JPEG that need not be turned. Leaves the file at its start."""
    if stream.codec_context.name != "mjpeg":
        return False
    first = next(_decoded(opened, stream), None)
    opened.seek(0)
    return first is None or first.rotation == 0


def _packets(
    opened: av.container.InputContainer, stream: av.VideoStream, losses: Losses
) -> Iterator[tuple[float, bytes]]:
    for packet in _demuxed(opened, stream, losses):
        if packet.size and packet.pts is not None:
            yield _time_s(packet.pts, stream), bytes(packet)


def _seek(opened: av.container.InputContainer, stream: av.VideoStream, time_s: float) -> None:
    """To the key frame before; a file without an index is read from its start."""
    if opened.format.name == "avi":  # frames just behind a key frame may need what lies before it
        time_s -= 1.0
    if time_s <= 0 or stream.time_base is None:
        return
    start = stream.start_time or 0
    try:
        opened.seek(start + int(time_s / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError:
        opened.seek(0)


def _time_s(pts: int | None, stream: av.VideoStream) -> float:
    """Since the first frame, in seconds."""
    time_base = stream.time_base or Fraction(1, 1000)
    return float(((pts or 0) - (stream.start_time or 0)) * time_base)


def _declared_s(opened: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """How long the container claims to be; None where it claims nothing (a recorded webm)."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return opened.duration / av.time_base if opened.duration else None


def _duration_and_fps(opened: av.container.InputContainer, stream: av.VideoStream) -> tuple[float, float]:
    """What the container claims, else what is counted from its packets: `guessed_rate` of a browser's recording is that
    of its clock, a thousand a second.
    """
    duration_s = _declared_s(opened, stream)
    fps = float(stream.average_rate or 0)
    if duration_s is not None and fps:
        return duration_s, fps
    times = [_time_s(packet.pts, stream) for packet in opened.demux(stream) if packet.pts is not None]
    opened.seek(0)
    last_s = max(times, default=0.0)
    fps = fps or (len(times) / duration_s if duration_s else (len(times) - 1) / last_s if last_s > 0 else 1.0)
    return duration_s or last_s + 1 / fps, fps


def _probe_zip(path: Path) -> VideoFacts:
    names = _picture_names(path)
    return VideoFacts("zip", "pictures", 0, 0, 1.0, float(len(names)), constant_fps=True)


def _picture_names(path: Path) -> list[str]:
    """The pictures of a zip in the order of their names. Raises BadVideo."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(PICTURE_SUFFIXES)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        if is_our_fault(problem):
            raise
        raise BadVideo(f"the zip can't be read: {problem}") from problem
    if not entries:
        raise BadVideo("there is no picture (jpg, png, webp) in the zip")
    if len(entries) > MAX_PICTURES:
        raise BadVideo(f"{len(entries):,} pictures are more than {MAX_PICTURES:,}")
    if sum(entry.file_size for entry in entries) > MAX_ZIP_BYTES or any(
        entry.file_size > MAX_PICTURE_BYTES for entry in entries
    ):
        raise BadVideo("the zip unpacks to more than we take")
    return sorted(entry.filename for entry in entries)


def _sampled_pictures(path: Path, plan: Plan, ticks: range) -> Iterator[SampledFrame]:
    """Pictures of a zip as if one were shown each second; what unpacks to more than its entry says is refused."""
    names = _picture_names(path)
    last = ticks.start - 1
    with zipfile.ZipFile(path) as archive:
        for index, name in enumerate(names):
            tick = plan.tick_at(float(index))
            if tick > last and tick in ticks:
                last = tick
                yield SampledFrame(tick, float(index), bounded(_unpacked(archive, name)))


def _unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """No bytes where the zip is damaged or has a password there: one picture that can't be looked at."""
    try:
        with archive.open(name) as file:
            return file.read(MAX_PICTURE_BYTES)
    # Each way to compress has errors of its own; a password, and a way that nobody knows, are RuntimeErrors, a name
    # that can't be decoded is a ValueError. Damage may ask for more memory than there is, too.
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError, MemoryError
    ) as problem:  # fmt: skip
        if is_our_fault(problem):
            raise
        return b""
