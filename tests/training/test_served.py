"""The platform is stood in for by a server that answers as `POST /v1/images` is documented to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from conftest import made_up_pictures

from training.fer2013 import LABELS, Split
from training.served import ServedError, as_photograph, as_png, measure_served

PROBABILITIES = [0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]


def face(side: int, probabilities: list[float]) -> dict[str, object]:
    box = {"x": 0, "y": 0, "width": side, "height": side}
    return {"box": box, "top": LABELS[0], "probabilities": dict(zip(LABELS, probabilities, strict=True))}


def is_without_a_face(photograph: np.ndarray) -> bool:
    """Whether the picture's upper left corner, inside the gray border, is black and not white."""
    corner = photograph.shape[0] // 6 + 3
    return bool(photograph[corner, corner] < 128)


class Platform(BaseHTTPRequestHandler):
    """Says "angry" of every crop; in whole pictures finds a small wrong face and a large right one."""

    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
        cropped = parse_qs(urlsplit(self.path).query).get("already_cropped") == ["true"]
        if cropped:
            faces = [face(48, PROBABILITIES)] if picture.shape == (48, 48) else []
        elif is_without_a_face(picture):
            faces = []
        else:
            faces = [face(10, PROBABILITIES[::-1]), face(90, PROBABILITIES)]
        reply = json.dumps({"faces": faces}).encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def platform_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def split() -> Split:
    """Fourteen pictures, two a label; every second one without a face, as `Platform` sees it."""
    pictures, labels = made_up_pictures(14, seed=0)
    pictures[0::2, :4, :4], pictures[1::2, :4, :4] = 255, 0
    return Split("private_test", pictures, labels.astype(np.int64))


def offline_vote(pictures: np.ndarray, off_by: float = 0.0) -> np.ndarray:
    """What `Platform` says, but of the sixth picture."""
    probabilities = np.tile(PROBABILITIES, (len(pictures), 1))
    probabilities[5, 0] += off_by
    return probabilities


def test_crops_are_compared_with_the_offline_vote_and_whole_pictures_by_their_largest_face(
    platform_url: str,
) -> None:
    measured = measure_served(platform_url, split(), lambda pictures: offline_vote(pictures, off_by=0.002))
    assert measured["cropped"]["accuracy"] == pytest.approx(2 / 14)
    assert measured["cropped"]["largest_difference"] == pytest.approx(0.002)
    assert measured["cropped"]["same_top"] == 1.0
    assert measured["uncropped"]["share_detected"] == 0.5
    assert measured["uncropped"]["accuracy_on_detected"] == pytest.approx(1 / 7)


@pytest.mark.parametrize("way", ["PNG", "JPEG"])
def test_a_platform_that_answers_anything_but_the_offline_vote_is_an_error(platform_url: str, way: str) -> None:
    as_they_were = split().pictures

    def vote(pictures: np.ndarray) -> np.ndarray:
        sent_as = "PNG" if np.array_equal(pictures, as_they_were) else "JPEG"
        return offline_vote(pictures, off_by=0.02 if sent_as == way else 0.0)

    with pytest.raises(ServedError, match=rf"does not serve these members' vote.*same {way}.*differ by up to 0\.02"):
        measure_served(platform_url, split(), vote)


def test_what_jpeg_changes_is_told_apart_from_what_the_platform_changes(platform_url: str) -> None:
    as_they_were = split().pictures

    def vote(pictures: np.ndarray) -> np.ndarray:
        lossless = np.array_equal(pictures, as_they_were)
        return offline_vote(pictures) if lossless else offline_vote(pictures, off_by=0.003)

    measured = measure_served(platform_url, split(), vote)["cropped_jpeg"]
    assert measured["largest_difference"] == pytest.approx(0.0)
    assert measured["largest_difference_from_jpegs"] == pytest.approx(0.003)


def test_a_refusal_is_an_error_that_quotes_the_platform(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Platform, "status", 503)
    with pytest.raises(ServedError, match=r"503 from .*faces"):
        measure_served(platform_url, split(), offline_vote)


def test_the_wished_vote_is_asked_for(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    answer = Platform.do_POST
    monkeypatch.setattr(Platform, "do_POST", lambda self: (asked.append(self.path), answer(self)))
    measure_served(platform_url, split(), offline_vote, "fast")
    assert len(asked) == 3 * 14
    assert all(parse_qs(urlsplit(path).query)["vote_profile"] == ["fast"] for path in asked)


def test_a_platform_that_stops_answering_is_an_error_that_names_it() -> None:
    with pytest.raises(ServedError, match=r"http://127\.0\.0\.1:9 stopped answering"):
        measure_served("http://127.0.0.1:9", split(), offline_vote)


def test_a_crop_is_sent_without_loss() -> None:
    picture = split().pictures[0]
    assert (cv2.imdecode(np.frombuffer(as_png(picture), np.uint8), cv2.IMREAD_UNCHANGED) == picture).all()


def test_a_photograph_has_the_picture_enlarged_in_its_middle() -> None:
    picture = np.zeros((48, 48), np.uint8)
    picture[20:28, 20:28] = 255
    photograph = cv2.imdecode(np.frombuffer(as_photograph(picture), np.uint8), cv2.IMREAD_UNCHANGED)
    side = photograph.shape[0]
    assert photograph.shape == (side, side)
    rows, columns = np.nonzero(photograph > 200)
    assert abs(rows.mean() - (side - 1) / 2) < 1
    assert abs(columns.mean() - (side - 1) / 2) < 1
