import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.image_header import BadImage, read_image_header, read_jpeg_header

PICTURE = np.random.default_rng(7).integers(0, 256, (30, 50, 3), np.uint8)


def encoded(kind: str, *flags: int) -> bytes:
    return cv2.imencode(kind, PICTURE, list(flags))[1].tobytes()


JPEG = encoded(".jpg")


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
def test_kind_size_and_end_are_read_without_decoding(kind: str) -> None:
    data = encoded(kind)
    header = read_image_header(data)
    assert (header.kind, header.width, header.height) == (kind[1:].replace("jpg", "jpeg"), 50, 30)
    assert header.end == len(data)


@pytest.mark.parametrize("quality", [1, 50, 101])
def test_webp_is_read_lossy_and_lossless(quality: int) -> None:
    header = read_image_header(encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, quality))
    assert (header.width, header.height) == (50, 30)


def test_a_progressive_jpeg_with_restarts_is_read_to_its_end() -> None:
    data = encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 1)
    assert read_jpeg_header(data).end == len(data)


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
def test_a_picture_cut_off_anywhere_is_refused(kind: str) -> None:
    data = encoded(kind)
    for cut in range(len(data)):
        with pytest.raises(BadImage):
            read_image_header(data[:cut])


def with_scans(count: int) -> bytes:
    """A sound progressive JPEG whose last scan is repeated: each costs the decoder a pass over the picture."""
    data = encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last_scan * (count - data.count(b"\xff\xda")) + data[-2:]


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    assert read_jpeg_header(with_scans(64)).width == 50
    with pytest.raises(BadImage, match="more than 64 scans"):
        read_jpeg_header(with_scans(65))


def test_a_large_jpeg_may_have_fewer_scans_than_a_small_one() -> None:
    def large(data: bytes) -> bytes:
        at = data.index(b"\xff\xc2")
        return data[: at + 5] + struct.pack(">HH", 5000, 5000) + data[at + 9 :]

    assert read_jpeg_header(large(with_scans(12))).pixels == 25_000_000
    with pytest.raises(BadImage, match="too many for 5000×5000 pixels"):
        read_jpeg_header(large(with_scans(13)))


def test_a_picture_of_very_many_parts_is_not_walked_to_its_end() -> None:
    comments = b"\xff\xfe\x00\x02" * 100_000
    with pytest.raises(BadImage, match="segments"):
        read_jpeg_header(JPEG[:2] + comments + JPEG[2:])
    png = encoded(".png")
    with pytest.raises(BadImage, match="chunks"):
        read_image_header(png[:33] + b"\0\0\0\0tEXt\0\0\0\0" * 100_000 + png[33:])


def test_bytes_after_the_end_are_told_from_the_picture() -> None:
    assert read_jpeg_header(JPEG + b"<?php").end == len(JPEG)


def test_a_thumbnail_inside_exif_is_not_taken_for_the_picture() -> None:
    thumbnail = cv2.imencode(".jpg", PICTURE[:8, :8])[1].tobytes()
    payload = b"Exif\0\0" + thumbnail
    app1 = b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    header = read_jpeg_header(JPEG[:2] + app1 + JPEG[2:])
    assert (header.width, header.height) == (50, 30)


def test_a_claim_of_many_pixels_is_reported_as_claimed() -> None:
    at = JPEG.index(b"\xff\xc0")
    claim = JPEG[: at + 5] + struct.pack(">HH", 30_000, 30_000) + JPEG[at + 9 :]
    assert read_jpeg_header(claim).pixels == 900_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"GIF89a" + bytes(100),
        b"\xff\xd8\xff\xd9",
        JPEG[:2] + b"\xff\xd9",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x64\0\0\0WEBP" + bytes(100),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        read_image_header(data)


def test_a_picture_without_width_is_refused() -> None:
    at = JPEG.index(b"\xff\xc0")
    with pytest.raises(BadImage, match="0×0"):
        read_jpeg_header(JPEG[: at + 5] + bytes(4) + JPEG[at + 9 :])


@given(
    st.binary(max_size=400),
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b""]),
)
def test_no_bytes_whatever_do_more_than_be_refused(data: bytes, start: bytes) -> None:
    try:
        header = read_image_header(start + data)
    except BadImage:
        return
    assert header.pixels > 0


@given(st.integers(0, len(JPEG) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, value: int) -> None:
    try:
        assert read_jpeg_header(JPEG[:at] + bytes([value]) + JPEG[at + 1 :]).end <= len(JPEG)
    except BadImage:
        return
