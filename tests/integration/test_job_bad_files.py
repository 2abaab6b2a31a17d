"""Files that no job can be made of: each refused, or a failed job with a reason, and the next good job succeeds."""

import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.files import paths_under
from tests.integration.job_client import JobClient
from tests.platform_process import Platform
from tests.video_clips import decoded, numbered, write_clip, write_sound, zip_of
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobClient]:
    log = tmp_path_factory.mktemp("bad files") / "up.log"
    with Platform(log, THESPIS_DETECTORS="1", THESPIS_SWEEP_ORPHANS_S="1") as platform:
        yield JobClient(platform)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]) -> Path:
    return write_clip(tmp_path_factory.mktemp("good") / "clip.mp4", decoded(frames[:10]), 25.0)


@pytest.fixture(autouse=True)
def a_good_job_succeeds_after_it(jobs: JobClient, good: Path) -> Iterator[None]:
    yield
    job_id = jobs.submit(good)
    assert jobs.wait(job_id)["state"] == "succeeded"
    assert jobs.frames(job_id) == [0, 1]


class Canary:
    """A server that must not be called."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def __enter__(self) -> "Canary":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def refused(jobs: JobClient, data: bytes | Path, name: str = "film.mp4") -> str:
    """The words in which a file is refused at the door."""
    answer = jobs.post(data, name)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:thespis:problem:bad_video"), answer.text
    return str(answer.json()["detail"])


def failed(jobs: JobClient, data: bytes | Path, name: str = "film.mp4") -> str:
    """Why the job failed that was made of it. Its files are gone."""
    job_id = jobs.submit(data, name)
    job = jobs.wait(job_id)
    assert job["state"] == "failed"
    wait_until(lambda: job_id not in jobs.files())
    return str(job["message"])


@pytest.mark.parametrize("data", [b"", b"x", b"hello, this is a text\n" * 100, b"\xff\xd8\xff\xe0" + bytes(1000)])
def test_what_is_not_a_video_is_refused(jobs: JobClient, data: bytes) -> None:
    assert refused(jobs, data)


@pytest.mark.parametrize("start", [b"\0\0\0\x18ftypmp42", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI LIST", b"PK\x03\x04"])
def test_noise_that_begins_like_a_video_fails(jobs: JobClient, start: bytes) -> None:
    assert failed(jobs, start + np.random.default_rng(1).bytes(50_000))


def test_an_mp4_that_is_cut_short_fails(jobs: JobClient, good: Path) -> None:
    whole = good.read_bytes()
    assert "can't be opened as mp4" in failed(jobs, whole[: whole.index(b"moov") - 4])


def test_a_video_without_a_frame_fails(jobs: JobClient, tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        out.start_encoding()
    assert failed(jobs, path)


def test_8k_frames_fail(jobs: JobClient, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [np.zeros((4320, 7680, 3), np.uint8)])
    assert "7680×4320 is more than" in failed(jobs, path)


def test_a_hundred_thousand_frames_a_second_fail(jobs: JobClient, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", numbered(20), 100_000, times_s=[n / 100_000 for n in range(20)])
    assert "frames a second" in failed(jobs, path)


def test_sound_is_refused_and_sound_alone_in_an_mp4_fails(jobs: JobClient, tmp_path: Path) -> None:
    assert "neither mp4" in refused(jobs, write_sound(tmp_path / "sound.wav"), "sound.mp4")
    assert "no video" in failed(jobs, write_sound(tmp_path / "sound.mp4"))


def test_playlists_open_nothing(jobs: JobClient, good: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "canary"
    os.mkfifo(fifo)
    # Whoever opens it to read is let in at once and seen, since we hold it open to write.
    holding = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    os.write(holding, b"secret")
    with Canary() as canary:
        address = f"http://127.0.0.1:{canary.port}/a.ts"
        for playlist in (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXTINF:9,\n{fifo}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile {address}\nfile {fifo}\n",
            f'<?xml version="1.0"?><MPD><BaseURL>{address}</BaseURL></MPD>',
        ):
            for name in ("film.mp4", "film.m3u8"):
                assert "neither mp4" in refused(jobs, playlist.encode(), name)
            # The same behind what an mp4, a mkv and an avi begin with.
            for start in (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI LIST"):
                assert failed(jobs, start + playlist.encode())
        # An mp4 whose frames lie, so it says, in another file.
        data = good.read_bytes()
        path = str(fifo).encode() + b"\0"
        reference = (12 + len(path)).to_bytes(4, "big") + b"url \0\0\0\0" + path
        at = data.index(b"url \0\0\0\1") - 4
        other = data[:at] + reference + data[at + 12 :]
        jobs.wait(jobs.submit(other))
        assert canary.calls == 0
    assert os.read(holding, 100) == b"secret", "somebody read it"
    os.close(holding)


def test_a_zip_that_swells_fails(jobs: JobClient) -> None:
    bomb = zip_of([("a.png", bytes(50 * 1024**2))], zipfile.ZIP_DEFLATED)
    assert "unpacks to more" in failed(jobs, bomb, "pictures.zip")


def test_a_picture_of_a_billion_pixels_in_a_zip_is_not_unfolded(jobs: JobClient) -> None:
    jpeg = bytearray(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\x7f\xff\x7f\xff"
    job_id = jobs.submit(zip_of([("a.jpg", bytes(jpeg))]), "pictures.zip", fps=1)
    assert jobs.wait(job_id)["state"] == "succeeded"
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/summary").json()["unreadable_frames"] == 1


def test_a_video_that_is_damaged_in_the_middle_gives_what_is_left_and_names_what_is_not(
    jobs: JobClient, tmp_path: Path
) -> None:
    data = bytearray(write_clip(tmp_path / "clip.mp4", numbered(750), 25.0).read_bytes())
    start, stop = len(data) * 4 // 10, len(data) * 6 // 10
    data[start:stop] = np.random.default_rng(1).bytes(stop - start)
    job = jobs.wait(jobs.submit(bytes(data), "clip.mp4"))
    assert job["state"] == "partially_succeeded"
    assert job["errors"]
    assert all(5 <= error["start_s"] < error["end_s"] <= 25 and "frames" in error["message"] for error in job["errors"])
    progress = job["progress"]
    assert progress["frames_total"] / 2 < progress["frames_done"] < progress["frames_total"] == 150


def test_a_zip_without_a_picture_fails(jobs: JobClient) -> None:
    assert "no picture" in failed(jobs, zip_of([("notes.txt", b"notes")]), "pictures.zip")


def test_names_lead_nowhere(jobs: JobClient, good: Path, frames: list[bytes]) -> None:
    before = {path for path in paths_under(jobs.artefacts.parent) if "jobs" not in path.parts}
    for name in ("../../../evil.mp4", "/tmp/evil.mp4", "..\\evil.mp4"):
        job_id = jobs.submit(good, name)
        assert jobs.wait(job_id)["state"] == "succeeded"
        assert jobs.view(job_id)["file_name"] == "evil.mp4"
    packed = zip_of([("../../../evil.jpg", frames[0]), ("/tmp/evil2.jpg", frames[1])])
    job_id = jobs.submit(packed, "pictures.zip", fps=1)
    assert jobs.wait(job_id)["state"] == "succeeded"
    assert jobs.frames(job_id) == [0, 1]
    assert not [path for path in paths_under(jobs.artefacts.parent) if "evil" in path.name]
    assert not Path("/tmp/evil.mp4").exists()
    assert not Path("/tmp/evil2.jpg").exists()
    assert {path for path in paths_under(jobs.artefacts.parent) if "jobs" not in path.parts} == before


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"", 415),
        ({"Content-Type": "video/mp4"}, b"\0\0\0\x18ftypmp42", 415),
        ({"Content-Type": "multipart/form-data"}, b"", 400),
        ({"Content-Type": "multipart/form-data; boundary=e"}, b"", 400),
        ({"Content-Type": "multipart/form-data; boundary=e"}, b"--e--\r\n", 400),
        ({"Content-Type": "multipart/form-data; boundary=e"}, b"nonsense", 400),
        (
            {"Content-Type": "multipart/form-data; boundary=e"},
            b'--e\r\nContent-Disposition: form-data; name="video"\r\n\r\n\0\0\0\x18ftypmp42isom and no end',
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=e"},
            b'--e\r\nContent-Disposition: form-data; name="options"\r\n\r\n{}\r\n--e--\r\n',
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=e"},
            b'--e\r\nContent-Disposition: form-data; name="options"\r\n\r\n{"fps":\r\n--e--\r\n',
            422,
        ),
    ],
)
def test_bodies_that_can_not_be_read_are_refused(
    jobs: JobClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = jobs.ask("POST", "/v1/jobs", headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
