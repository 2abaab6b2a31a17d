"""Videos made on the spot: any codec that PyAV writes, at any times, also with what no camera would write."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

CODECS = {".mp4": "libx264", ".mov": "libx264", ".mkv": "libx264", ".webm": "libvpx", ".avi": "mpeg4"}


def decoded(jpegs: Iterable[bytes]) -> list[Image]:
    """Pictures as bgr uint8 [height, width, 3]."""
    return [_image(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)) for jpeg in jpegs]


def numbered(count: int, width: int = 160, height: int = 96) -> list[Image]:
    """Gray pictures that tell their number, see `number_of`: ten bits as black and white columns."""
    pictures = []
    for number in range(count):
        bits = [255 * (number >> bit & 1) for bit in range(10)]
        row = np.repeat(np.array(bits, np.uint8), width // 10)
        pictures.append(np.broadcast_to(row[None, :, None], (height, len(row), 3)).astype(np.uint8))
    return pictures


def number_of(bgr_image: Image) -> int:
    step = bgr_image.shape[1] / 10
    middle = bgr_image[bgr_image.shape[0] // 2, :, 0]
    return sum(int(middle[int((bit + 0.5) * step)] > 127) << bit for bit in range(10))


def write_clip(
    path: Path,
    images: Iterable[Image],
    fps: float = 25.0,
    *,
    codec: str = "",
    times_s: Sequence[float] | None = None,
    **options: str,
) -> Path:
    """The images at `fps`, or at times of their own; key frames every second or so. The suffix tells the container."""
    with av.open(str(path), "w") as out:
        stream: Any = None
        for index, image in enumerate(images):
            if stream is None:
                stream = out.add_stream(codec or CODECS[path.suffix], rate=Fraction(fps).limit_denominator(1001))
                stream.width, stream.height = image.shape[1], image.shape[0]
                stream.pix_fmt = "yuv420p"
                stream.options = {"g": "25", "crf": "18", "preset": "ultrafast", "cpu-used": "8", "b": "4M", **options}
                if path.suffix != ".avi":
                    stream.time_base = stream.codec_context.time_base = Fraction(1, 12800)
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            time_s = index / fps if times_s is None else times_s[index]
            if path.suffix == ".avi":
                picture.pts, picture.time_base = index, 1 / Fraction(fps).limit_denominator(1001)
            else:
                picture.pts, picture.time_base = round(time_s * 12800), Fraction(1, 12800)
            out.mux(stream.encode(picture))
        if stream is not None:
            out.mux(stream.encode(None))
    return path


def write_motion_jpeg(path: Path, jpegs: Sequence[bytes], fps: float = 25.0) -> Path:
    """The JPEGs as they are, each one a packet."""
    height, width = decoded(jpegs[:1])[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mjpeg", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for index, jpeg in enumerate(jpegs):
            packet = av.Packet(jpeg)
            packet.stream = stream
            packet.time_base = 1 / Fraction(fps).limit_denominator(1001)
            packet.pts = packet.dts = index
            packet.duration = 1
            packet.is_keyframe = True
            out.mux(packet)
    return path


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file with audio only."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("pcm_s16le" if path.suffix == ".wav" else "aac", rate=16000)
        stream.layout = "mono"
        samples = (8000 * np.sin(np.arange(int(16000 * seconds)) / 10)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def turned_a_quarter_clockwise(mp4: bytes, height: int) -> bytes:
    """The same mp4 whose track header says: show it turned by 90° to the right."""
    at = mp4.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, height << 16, 0, 1 << 30)
    return mp4[:at] + matrix + mp4[at + 36 :]


def zip_of(entries: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return packed.getvalue()


def _image(array: Any) -> Image:
    assert array is not None
    return np.asarray(array, np.uint8)
