"""Decoding: what a picture looks like as displayed, and what every broken picture gets."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector_worker.decoding import UndecodableImage, decode_crop, decode_image

CUTS = (0.002, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999)


def encode(extension, image, *options):
    done, encoded = cv2.imencode(extension, np.ascontiguousarray(image), list(options))
    assert done
    return encoded.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_decoded_as_its_exif_orientation_displays_it(astronaut, jpeg_displayed_as, orientation):
    displayed = astronaut[:480, 100:420]
    image = decode_image(jpeg_displayed_as(displayed, orientation))
    assert image.shape == displayed.shape
    assert np.abs(image.astype(int) - displayed).mean() < 4


def test_a_jpeg_with_an_impossible_orientation_is_left_as_it_is_stored(astronaut, jpeg_displayed_as):
    image = decode_image(jpeg_displayed_as(astronaut[:480], 77))
    assert image.shape == (480, 512, 3)


@pytest.mark.parametrize("extension", [".png", ".webp"])
def test_lossless_pictures_come_back_as_they_were(astronaut, extension):
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if extension == ".webp" else ()
    assert np.array_equal(decode_image(encode(extension, astronaut, *options)), astronaut)


def test_a_png_with_16_bits_a_channel_becomes_8_bits(astronaut):
    image = decode_image(encode(".png", astronaut.astype(np.uint16) * 257))
    assert image.dtype == np.uint8
    assert np.array_equal(image, astronaut)


def test_a_png_with_alpha_loses_only_its_alpha(astronaut):
    half_seen = np.dstack([astronaut, np.full(astronaut.shape[:2], 128, np.uint8)])
    assert np.array_equal(decode_image(encode(".png", half_seen)), astronaut)


def test_a_png_with_a_palette_has_its_colours():
    # 2×1 pixels of a two-colour palette, written by hand: red, then blue.
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0))
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    png = b"\x89PNG\r\n\x1a\n" + header + palette + chunk(b"IDAT", zlib.compress(b"\x00\x00\x01")) + chunk(b"IEND", b"")
    assert decode_image(png).tolist() == [[[0, 0, 255], [255, 0, 0]]]


def test_a_gray_picture_becomes_one_of_three_equal_channels(astronaut):
    image = decode_image(encode(".png", cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)))
    assert image.shape == (512, 512, 3)
    assert np.array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize("share", CUTS)
def test_no_pixel_of_the_picture_before_comes_back_for_a_jpeg_cut_short(astronaut, progressive, share):
    """opencv#26488: 4.10 returned the memory of the picture decoded just before, another user's."""
    bright = encode(".jpg", np.full((512, 512, 3), 255, np.uint8))
    dark = encode(".jpg", astronaut // 4, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    assert decode_image(bright).min() == 255
    with pytest.raises(UndecodableImage, match="cut short or damaged"):
        decode_image(dark[: int(len(dark) * share)])


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.9])
def test_no_pixel_of_the_picture_before_comes_back_for_a_jpeg_cut_short_but_ended(astronaut, share):
    """The end marker behind the cut gets the decoder through; what it did not read must be nobody else's."""
    dark = encode(".jpg", astronaut // 4)
    cut = dark[: int(len(dark) * share)] + b"\xff\xd9"
    decoded = []
    for before in (255, 0):
        decode_image(encode(".png", np.full((512, 512, 3), before, np.uint8)))
        try:
            decoded.append(decode_image(cut))
        except UndecodableImage:
            decoded.append(None)
    after_bright, after_dark = decoded
    assert (after_bright is None) == (after_dark is None)
    assert after_bright is None or np.array_equal(after_bright, after_dark)


@pytest.mark.parametrize("extension", [".png", ".webp"])
@pytest.mark.parametrize("share", CUTS)
def test_other_pictures_cut_short_are_refused_too(astronaut, extension, share):
    encoded = encode(extension, astronaut)
    with pytest.raises(UndecodableImage):
        decode_image(encoded[: int(len(encoded) * share)])


def test_a_jpeg_with_bytes_behind_its_end_is_decoded(astronaut):
    """Telephones append previews and videos to their pictures."""
    jpeg = encode(".jpg", astronaut)
    assert np.array_equal(decode_image(jpeg + b"behind the end" * 100), decode_image(jpeg))


@pytest.mark.parametrize(
    ("encoded", "complaint"),
    [
        (b"", "empty"),
        (b"frame", "not a JPEG, PNG or WebP"),
        (b"GIF89a" + bytes(100), "not a JPEG, PNG or WebP"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not a JPEG, PNG or WebP"),
        (b"\xff\xd8\xff", "JPEG can't be read"),
        (b"\xff\xd8\xff\xd9", "JPEG can't be read"),
        (b"\x89PNG\r\n\x1a\n", "PNG can't be read"),
        (b"RIFF\x00\x00\x00\x00WEBP", "WebP can't be read"),
    ],
)
def test_what_is_not_a_picture_gets_a_message_for_its_sender(encoded, complaint):
    with pytest.raises(UndecodableImage, match=complaint):
        decode_image(encoded)


def test_a_bmp_is_refused_though_opencv_could_read_it(astronaut):
    with pytest.raises(UndecodableImage, match="not a JPEG, PNG or WebP"):
        decode_image(encode(".bmp", astronaut))


@given(st.binary(max_size=400), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBP"]))
def test_noise_behind_a_magic_number_never_raises_anything_else(noise, magic):
    try:
        image = decode_image(magic + noise)
    except UndecodableImage:
        return
    assert image.ndim == 3


def test_a_gray_png_of_48_by_48_goes_through_unchanged():
    crop = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    assert np.array_equal(decode_crop(encode(".png", crop)), crop)


def test_a_crop_in_colour_becomes_its_luma():
    crop = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    assert np.array_equal(decode_crop(encode(".png", np.dstack([crop] * 3))), crop)


def test_a_crop_of_another_size_is_refused_with_its_size():
    with pytest.raises(UndecodableImage, match="48×48 pixels, this one is 50×49"):
        decode_crop(encode(".png", np.zeros((49, 50), np.uint8)))
