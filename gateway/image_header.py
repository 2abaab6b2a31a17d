"""What a picture claims to be, read from its bytes before anything is decoded.

Sources: JPEG, ITU-T T.81 annex B; PNG, W3C Portable Network Graphics, clause 5; WebP, RFC 9649.
"""

import re
import struct
from dataclasses import dataclass

from contracts.picture_kinds import Kind, kind_of

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In entropy-coded data: a marker that is neither a stuffed byte, fill nor a restart."""

_STRIDE = 1 << 16
"""Bytes that are searched at once: other threads have their turn between."""

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


_MOST_SCANS = 64
"""A progressive JPEG has about ten. Each costs a decoder a pass over the whole picture, however few bytes it is."""

_USUAL_SCANS = 12
_MOST_SCANNED_PIXELS = _USUAL_SCANS * 25_000_000
"""In all scans together, where there are more than usual: a photograph of 25 million pixels takes a decoder half a
second, in sixty scans it took more than three, and live frames wait behind it.
"""

_MOST_SEGMENTS = 1000
_MOST_CHUNKS = 10_000
"""Of a PNG, whose encoders cut the picture into chunks of 8 KiB and more. Walking 10,000 takes some milliseconds."""


class BadImage(ValueError):
    """Raised when bytes are not a whole picture of a kind we read; the sender is at fault, a retry is useless."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Kind and size in pixels as encoded (EXIF orientation not applied); `end` is the picture's length in bytes."""

    kind: Kind
    width: int
    height: int
    end: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def read_image_header(data: bytes) -> ImageHeader:
    """Raises BadImage for other kinds, for what is cut off and for pictures without size."""
    if not data:
        raise BadImage("there are no bytes")
    match kind_of(data):
        case "jpeg":
            return read_jpeg_header(data)
        case "png":
            return _sized("png", *_read_png(data))
        case "webp":
            return _sized("webp", *_read_webp(data))
        case None:
            raise BadImage("neither JPEG nor PNG nor WebP")


def read_jpeg_header(data: bytes) -> ImageHeader:
    """Walks a JPEG from marker to marker to its end. Raises BadImage when it is none or ends too early."""
    if not data.startswith(b"\xff\xd8\xff"):
        raise BadImage("not a JPEG")
    size: tuple[int, int] | None = None
    scans = 0
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker, at = _next_marker(data, at, scans > 0)
        if marker == _END_OF_IMAGE:
            if size is None or not scans:
                raise BadImage("the JPEG ends without a picture")
            return _sized("jpeg", *size, at)
        if marker in _STANDALONE:
            continue
        end = _segment_end(data, at)
        if marker in _START_OF_FRAME:
            if end - at < 8 or size is not None:
                raise BadImage("the JPEG's frame header is not sound")
            height, width = struct.unpack_from(">HH", data, at + 3)
            size = (width, height)
        scans += marker == _START_OF_SCAN
        if scans > _MOST_SCANS:
            raise BadImage(f"the JPEG has more than {_MOST_SCANS} scans")
        if size is not None and scans > _USUAL_SCANS and scans * size[0] * size[1] > _MOST_SCANNED_PIXELS:
            raise BadImage(f"the JPEG has {scans} scans and more, which is too many for {size[0]}×{size[1]} pixels")
        at = end
    raise BadImage(f"the JPEG has more than {_MOST_SEGMENTS} segments")


def _next_marker(data: bytes, at: int, scanned: bool) -> tuple[int, int]:
    """The next marker and the place behind it; only entropy-coded data may lie before it."""
    strides = range(at, len(data), _STRIDE)
    found = next(filter(None, (_MARKER.search(data, start, start + _STRIDE + 1) for start in strides)), None)
    if found is None:
        raise BadImage("the JPEG is cut off")
    if not scanned and data[at : found.start()].strip(b"\xff"):
        raise BadImage("the JPEG has stray bytes between its segments")
    return data[found.start() + 1], found.end()


def _segment_end(data: bytes, at: int) -> int:
    """Where the segment ends whose length stands at `at`."""
    if at + 2 > len(data):
        raise BadImage("the JPEG is cut off")
    (length,) = struct.unpack_from(">H", data, at)
    if length < 2 or at + length > len(data):
        raise BadImage("the JPEG is cut off")
    return at + int(length)


def _read_png(data: bytes) -> tuple[int, int, int]:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise BadImage("the PNG is cut off")
    width, height = struct.unpack_from(">II", data, 16)
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(data):
            raise BadImage("the PNG is cut off")
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND" and at <= len(data):
            return width, height, at
    raise BadImage(f"the PNG has more than {_MOST_CHUNKS} chunks")


def _read_webp(data: bytes) -> tuple[int, int, int]:
    end = struct.unpack_from("<I", data, 4)[0] + 8
    if len(data) < 30 or end > len(data):
        raise BadImage("the WebP is cut off")
    chunk = data[12:16]
    if chunk == b"VP8X":
        if data[20] & 0x02:
            raise BadImage("the WebP is an animation")
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 ":
        width = int.from_bytes(data[26:28], "little") & 0x3FFF
        height = int.from_bytes(data[28:30], "little") & 0x3FFF
    else:
        raise BadImage("the WebP has an unknown form")
    return width, height, end


def _sized(kind: Kind, width: int, height: int, end: int) -> ImageHeader:
    if not width or not height:
        raise BadImage(f"the picture is {width}×{height} pixels")
    return ImageHeader(kind, width, height, end)
