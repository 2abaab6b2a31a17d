"""A live frame on the WebSocket: a fixed binary header followed by the JPEG."""

import struct
from typing import Final

import msgspec

HEADER: Final = struct.Struct(">IQ")
"""u32 frame_id, u64 capture time in microseconds, big-endian (network order)."""


class Frame(msgspec.Struct, frozen=True):
    """One encoded image of one session."""

    frame_id: int
    capture_us: int
    jpeg: bytes


def pack_frame(frame: Frame) -> bytes:
    return HEADER.pack(frame.frame_id, frame.capture_us) + frame.jpeg


def unpack_frame(message: bytes) -> Frame:
    """Reads a binary WebSocket message. Raises ValueError when it is too short to hold a header."""
    if len(message) < HEADER.size:
        raise ValueError(f"a frame starts with {HEADER.size} bytes of header, this message has {len(message)}")
    frame_id, capture_us = HEADER.unpack_from(message)
    return Frame(frame_id, capture_us, message[HEADER.size :])
