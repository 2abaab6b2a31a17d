"""Reading videos: what they are, and each moment's frame exactly once."""

import errno
import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from unittest import mock

import av
import av.error
import cv2
import numpy as np
import pytest

from contracts.jobs import JobOptions
from jobs.plan import Plan, plan_video
from jobs.video import BadVideo, SampledFrame, container_of, probe, sampled_frames
from tests.video_clips import (
    decoded,
    number_of,
    numbered,
    turned_a_quarter_clockwise,
    write_clip,
    write_motion_jpeg,
    write_sound,
    zip_of,
)


def sampled(path: Path, plan: Plan) -> list[SampledFrame]:
    container = probe(path).container
    return [frame for segment in range(plan.segments) for frame in sampled_frames(path, container, plan, segment)]


def numbers(frames: list[SampledFrame]) -> list[int]:
    return [number_of(frame.picture) for frame in frames if not isinstance(frame.picture, bytes)]


@pytest.mark.parametrize(
    ("start", "container"),
    [
        (b"\0\0\0\x18ftypmp42", "mp4"),
        (b"\0\0\0\x18moov", "mp4"),
        (b"\x1a\x45\xdf\xa3 and more", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"PK\x03\x04", "zip"),
    ],
)
def test_a_container_is_told_by_its_first_bytes(start: bytes, container: str) -> None:
    assert container_of(start) == container


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"#EXTM3U\n",
        b"ffconcat version 1.0",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\xff\xd8\xff\xe0",
        b"ID3\4",
        b"<?xml",
        b"v=0\r\n",
    ],
)
def test_what_is_no_video_is_refused(start: bytes) -> None:
    with pytest.raises(BadVideo):
        container_of(start)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("fps", [5.0, 7.0, 25.0])
def test_segments_share_the_sampled_frames_out_exactly(tmp_path: Path, suffix: str, fps: float) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(330), 25.0)
    facts = probe(path)
    assert (facts.width, facts.height, round(facts.fps)) == (160, 96, 25)
    assert facts.duration_s == pytest.approx(13.2, abs=0.1)
    plan = plan_video(facts, JobOptions(fps=fps))
    assert plan.segments >= 3
    frames = sampled(path, plan)
    assert [frame.tick for frame in frames] == list(range(plan.ticks))
    expected = [next(n for n in range(330) if plan.tick_at(n / 25) == tick) for tick in range(plan.ticks)]
    assert numbers(frames) == expected


def test_a_chosen_stretch_is_looked_at_from_its_first_frame(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(150), 25.0)
    frames = sampled(path, plan_video(probe(path), JobOptions(fps=5, start_s=1.6, end_s=4.0)))
    assert numbers(frames) == list(range(40, 100, 5))


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "libx264"), (".avi", "mpeg4"), (".mkv", "libx264")])
def test_frames_that_are_stored_out_of_order_are_seen_in_order(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(100), 25.0, codec=codec, bf="2", preset="medium")
    frames = sampled(path, Plan(0.0, 25.0, 100))
    assert numbers(frames) == list(range(100))


def test_frames_of_h264_in_avi_are_seen_in_order_a_frame_late_at_most(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", numbered(100), 25.0, codec="libx264", bf="2", preset="medium")
    frames = sampled(path, Plan(0.0, 25.0, 100))
    assert len(frames) >= 99
    assert all(frame.tick - number in (0, 1) for frame, number in zip(frames, numbers(frames), strict=True))


def test_unsteady_frame_rates_keep_their_true_times(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    times_s = np.concatenate([[0.0], np.cumsum(rng.uniform(0.02, 0.5, 119))]).round(3)
    path = write_clip(tmp_path / "phone.mp4", numbered(120), 25.0, times_s=times_s.tolist())
    plan = plan_video(probe(path), JobOptions(fps=5))
    assert plan.segments >= 4
    frames = sampled(path, plan)
    assert [frame.tick for frame in frames] == sorted({plan.tick_at(time_s) for time_s in times_s})
    for frame, number in zip(frames, numbers(frames), strict=True):
        assert frame.time_s == pytest.approx(times_s[number], abs=2e-3)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("fps", [2.0, 24000 / 1001])
def test_a_constant_rate_is_told_and_each_frame_is_seen_once(tmp_path: Path, suffix: str, fps: float) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(60), fps)
    facts = probe(path)
    assert (facts.constant_fps, facts.fps) == (True, pytest.approx(fps))
    plan = plan_video(facts, JobOptions(fps=60))
    assert (plan.ticks, numbers(sampled(path, plan))) == (60, list(range(60)))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_frames_of_a_varying_rate_are_not_taken_for_one_a_tick(tmp_path: Path, suffix: str) -> None:
    """A slide show with a lively start, which some containers declare as two a second."""
    times_s = [n / 5 for n in range(10)] + [2.0 + n for n in range(10)]
    path = write_clip(tmp_path / f"clip{suffix}", numbered(20), 2.0, times_s=times_s)
    facts = probe(path)
    assert not facts.constant_fps
    assert numbers(sampled(path, plan_video(facts, JobOptions()))) == list(range(20))


def test_a_video_that_is_to_be_turned_is_seen_upright(tmp_path: Path) -> None:
    image = np.zeros((96, 160, 3), np.uint8)
    image[:, :80] = (255, 255, 255)  # its left half, which turned to the right is above
    path = write_clip(tmp_path / "clip.mp4", [image] * 10, 25.0)
    path.write_bytes(turned_a_quarter_clockwise(path.read_bytes(), 96))
    facts = probe(path)
    assert (facts.width, facts.height) == (96, 160)
    (frame,) = sampled(path, Plan(0.0, 1.0, 1))
    assert not isinstance(frame.picture, bytes)
    assert frame.picture.shape == (160, 96, 3)
    assert (frame.picture[:70].min() > 200, frame.picture[90:].max() < 50) == (True, True)


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv"])
def test_motion_jpeg_is_handed_on_as_the_very_bytes(tmp_path: Path, suffix: str) -> None:
    jpegs = [cv2.imencode(".jpg", image)[1].tobytes() for image in numbered(70)]
    path = write_motion_jpeg(tmp_path / f"clip{suffix}", jpegs, 25.0)
    frames = sampled(path, Plan(0.0, 25.0, 70))
    assert [frame.tick for frame in frames] == list(range(70))
    # AVI pads a packet to an even length.
    pictures = [frame.picture for frame in frames if isinstance(frame.picture, bytes)]
    assert all(picture.startswith(jpeg) for picture, jpeg in zip(pictures, jpegs, strict=True))
    assert all(len(picture) <= len(jpeg) + 1 for picture, jpeg in zip(pictures, jpegs, strict=True))


def test_motion_jpeg_that_is_to_be_turned_is_decoded_and_turned(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", numbered(1)[0])[1].tobytes()
    path = write_motion_jpeg(tmp_path / "clip.mp4", [jpeg] * 5, 25.0)
    path.write_bytes(turned_a_quarter_clockwise(path.read_bytes(), 96))
    (frame,) = sampled(path, Plan(0.0, 1.0, 1))
    assert not isinstance(frame.picture, bytes)
    assert frame.picture.shape == (160, 96, 3)


def test_a_recording_that_claims_no_length_is_counted(tmp_path: Path) -> None:
    """As a browser's MediaRecorder writes it: to a stream, without a length or an index."""
    path = tmp_path / "recorded.webm"
    with path.open("wb") as file, av.open(Unseekable(file), "w", format="webm") as out:
        stream = out.add_stream("libvpx", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"cpu-used": "8", "deadline": "realtime", "b": "4M"}
        for image in numbered(300):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        out.mux(stream.encode(None))
    facts = probe(path)
    assert facts.duration_s == pytest.approx(12.0, abs=0.1)
    plan = plan_video(facts, JobOptions())
    assert numbers(sampled(path, plan)) == list(range(0, 300, 5))


class Unseekable:
    """A file that can only be written on."""

    def __init__(self, file: object) -> None:
        self.write = file.write


def told(path: Path, plan: Plan) -> tuple[list[int], list[int]]:
    """The ticks that were read, and the segments that are said to lack some."""
    container = container_of(path.read_bytes()[:16])
    ticks, faulty = [], []
    for segment in range(plan.segments):
        try:
            for frame in sampled_frames(path, container, plan, segment):
                ticks.append(frame.tick)
        except BadVideo:
            faulty.append(segment)
    return ticks, faulty


def segments_without(ticks: list[int], plan: Plan) -> list[int]:
    return [segment for segment in range(plan.segments) if not set(plan.ticks_of(segment)) <= set(ticks)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_what_damage_in_the_middle_takes_is_told_and_nothing_else_is_lost(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(750), 25.0)
    data = bytearray(path.read_bytes())
    start, stop = len(data) * 4 // 10, len(data) * 6 // 10
    data[start:stop] = np.random.default_rng(1).bytes(stop - start)
    path.write_bytes(data)
    plan = plan_video(probe(path), JobOptions())
    ticks, faulty = told(path, plan)
    assert ticks == sorted(set(ticks))
    assert 90 <= len(ticks) < 150
    assert faulty == segments_without(ticks, plan) != []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_what_a_file_that_is_cut_short_lacks_is_told(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(750), 25.0)
    if suffix == ".mp4":
        path = with_its_index_first(path, tmp_path / "first.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    plan = plan_video(probe(path), JobOptions())
    assert plan.ticks == 150
    ticks, faulty = told(path, plan)
    assert 60 <= len(ticks) <= 90
    assert faulty == segments_without(ticks, plan) != []


def with_its_index_first(path: Path, target: Path) -> Path:
    with av.open(str(path)) as whole, av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return target


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_frames_that_are_held_for_long_are_no_damage(tmp_path: Path, suffix: str) -> None:
    """A screen recording of a screen on which nothing moves for three, eight and twenty seconds."""
    gaps_s = [0.04] * 50 + [3.0] + [0.04] * 50 + [8.0, 20.0] + [0.04] * 10
    times_s = np.concatenate([[0.0], np.cumsum(gaps_s)]).tolist()
    path = write_clip(tmp_path / f"clip{suffix}", numbered(len(times_s)), 25.0, times_s=times_s)
    plan = plan_video(probe(path), JobOptions())
    ticks, faulty = told(path, plan)
    assert (len(ticks) < plan.ticks, faulty) == (True, [])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_goes_on_behind_the_last_frame_is_no_damage(tmp_path: Path, suffix: str) -> None:
    silent = write_clip(tmp_path / f"silent{suffix}", numbered(75), 25.0)
    path, sound = tmp_path / f"clip{suffix}", write_sound(tmp_path / "sound.mp4", 12.0)
    with av.open(str(silent)) as shown, av.open(str(sound)) as heard, av.open(str(path), "w") as out:
        sources = [
            (shown, out.add_stream_from_template(shown.streams[0])),
            (heard, out.add_stream_from_template(heard.streams[0])),
        ]
        for source, stream in sources:
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
    assert told(path, Plan(0.0, 5.0, 60)) == (list(range(15)), [])


def test_the_rate_of_a_browsers_recording_is_counted(tmp_path: Path) -> None:
    """Times in milliseconds and no declared rate, which FFmpeg guesses to be a thousand a second."""
    path = tmp_path / "recorded.webm"
    times_ms = np.cumsum(np.random.default_rng(2).integers(25, 42, 150)).tolist()
    with path.open("wb") as file, av.open(Unseekable(file), "w", format="webm") as out:
        stream = out.add_stream("libvpx")
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.framerate = Fraction(0)
        stream.options = {"cpu-used": "8", "deadline": "realtime", "b": "4M"}
        for image, time_ms in zip(numbered(150), times_ms, strict=True):
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts, picture.time_base = time_ms, Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    with av.open(str(path)) as recorded:
        assert recorded.streams.video[0].average_rate is None
    assert probe(path).fps == pytest.approx(30, abs=2)


def test_pictures_of_a_zip_are_shown_one_a_second_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    jpegs = [cv2.imencode(".jpg", image)[1].tobytes() for image in numbered(12)]
    names = [f"{number:02}.JPG" for number in range(12)]
    path.write_bytes(zip_of([*reversed(list(zip(names, jpegs, strict=True))), ("notes.txt", b"not a picture")]))
    facts = probe(path)
    assert (facts.container, facts.duration_s) == ("zip", 12.0)
    frames = sampled(path, plan_video(facts, JobOptions()))
    assert [(frame.time_s, frame.picture) for frame in frames] == [(float(n), jpeg) for n, jpeg in enumerate(jpegs)]
    halved = sampled(path, plan_video(facts, JobOptions(fps=0.5)))
    assert [frame.time_s for frame in halved] == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_picture_in_a_zip_costs_no_other(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "pictures.zip"
    good = decoded([cv2.imencode(".jpg", image)[1].tobytes() for image in numbered(3)])
    data = zip_of([(f"{n}.png", cv2.imencode(".png", image)[1].tobytes()) for n, image in enumerate(good)], compression)
    at = data.index(b"1.png") + 60
    path.write_bytes(data[:at] + b"\xff\xff\xff" + data[at + 3 :])
    encoded = [frame.picture for frame in sampled(path, Plan(0.0, 1.0, 3))]
    assert [bool(one) for one in encoded] == [True, False, True]


def test_a_picture_of_a_kind_that_nobody_asked_for_costs_no_other(tmp_path: Path) -> None:
    """Pillow knows many kinds, and raises whatever it likes for some."""
    path = tmp_path / "pictures.zip"
    jpeg = cv2.imencode(".jpg", numbered(1)[0])[1].tobytes()
    dds = b"DDS " + struct.pack("<19I", 124, 0x1007, 8, 8, *[0] * 14, 32) + struct.pack("<I", 4) + b"ZZZZ" + bytes(40)
    path.write_bytes(zip_of([("1.jpg", jpeg), ("2.jpg", dds), ("3.jpg", jpeg)]))
    encoded = [frame.picture for frame in sampled(path, Plan(0.0, 1.0, 3))]
    assert [bool(one) for one in encoded] == [True, False, True]


def test_a_name_in_a_zip_that_can_not_be_decoded_costs_no_other_picture(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    jpegs = [cv2.imencode(".jpg", image)[1].tobytes() for image in numbered(3)]
    names = ("1.jpg", "2é.jpg", "3.jpg")
    path.write_bytes(zip_of(list(zip(names, jpegs, strict=True))).replace("é".encode(), b"\xff\xff", 1))
    encoded = [frame.picture for frame in sampled(path, Plan(0.0, 1.0, 3))]
    assert [bool(one) for one in encoded] == [True, False, True]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_header_that_is_cut_off_is_the_files_fault(tmp_path: Path, share: float) -> None:
    """FFmpeg calls a Matroska that ends so an I/O error."""
    whole = write_clip(tmp_path / "clip.mkv", numbered(10), 25.0).read_bytes()
    header = whole[: whole.index(b"\x1f\x43\xb6\x75")]  # up to its first cluster
    path = tmp_path / "cut.mkv"
    path.write_bytes(header[: int(len(header) * share)])
    with pytest.raises(BadVideo):
        probe(path)


def test_what_this_machine_is_to_blame_for_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    """A network volume that is away for a moment: the segment is tried again."""
    path = write_clip(tmp_path / "clip.mp4", numbered(10), 25.0)
    stale = av.error.OSError(errno.ESTALE, "Stale file handle")
    with mock.patch.object(av, "open", side_effect=stale), pytest.raises(OSError, match="Stale") as fault:
        probe(path)
    assert not isinstance(fault.value, BadVideo)

    path = tmp_path / "pictures.zip"
    path.write_bytes(zip_of([("1.jpg", cv2.imencode(".jpg", numbered(1)[0])[1].tobytes())]))
    with (
        mock.patch.object(zipfile, "ZipFile", side_effect=OSError(errno.EMFILE, "Too many")),
        pytest.raises(OSError, match="Too"),
    ):
        probe(path)
    with (
        mock.patch.object(zipfile.ZipFile, "open", side_effect=OSError(errno.EIO, "Input/output error")),
        pytest.raises(OSError, match="Input/output"),
    ):
        sampled(path, Plan(0.0, 1.0, 1))


def test_a_zip_of_a_version_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    data = bytearray(zip_of([("1.jpg", b"picture")]))
    data[data.index(b"PK\x01\x02") + 6] = 90
    path.write_bytes(data)
    with pytest.raises(BadVideo, match="can't be read: zip file version 9"):
        probe(path)


def test_a_zip_that_swells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of([("a.png", bytes(30 * 1024**2))], zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 100_000
    with pytest.raises(BadVideo, match="unpacks to more"):
        probe(path)


@pytest.mark.parametrize("name", ["sound.mp4", "empty.zip", "cut.mp4", "huge.mp4", "fast.mkv"])
def test_what_can_not_be_a_job_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    reason = {"sound.mp4": "no video", "empty.zip": "no picture", "cut.mp4": "can't be opened", "huge.mp4": "pixels"}
    if name == "sound.mp4":
        write_sound(path)
    elif name == "empty.zip":
        path.write_bytes(zip_of([("a.txt", b"a")]))
    elif name == "cut.mp4":
        whole = write_clip(tmp_path / "whole.mp4", numbered(50)).read_bytes()
        path.write_bytes(whole[: whole.index(b"moov") - 4])
    elif name == "huge.mp4":
        write_clip(path, [np.zeros((4320, 7680, 3), np.uint8)], codec="libx264")
    else:
        write_clip(path, numbered(20), times_s=[n / 100_000 for n in range(20)], fps=100_000)
    with pytest.raises(BadVideo, match=reason.get(name, "camera")):
        probe(path)
