"""`POST /v1/images` and the other routes of the running platform."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path

import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio

from bench.local import LiteMember
from contracts.api import ImageReply
from contracts.labels import LABELS
from contracts.protocol import Result
from runtime.model_tree import read_ensemble
from tests.integration.live_session import live_session
from tests.platform_process import ROOT, Platform
from thespis import AsyncClient, Client, ThespisError, Unreachable
from thespis.sample_face import astronaut_path


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def face(jpeg: bytes) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def encode(image: npt.NDArray[np.uint8], kind: str) -> bytes:
    return cv2.imencode(kind, image)[1].tobytes()


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
async def test_each_kind_of_picture_is_answered_with_its_face(
    http: httpx.AsyncClient, face: npt.NDArray[np.uint8], kind: str
) -> None:
    answer = (await http.post("/v1/images", content=encode(face, kind))).json()
    assert (answer["width"], answer["height"], len(answer["faces"])) == (640, 480, 1)
    assert list(answer["faces"][0]["probabilities"]) == list(LABELS)
    assert answer["faces"][0]["top"] in LABELS
    assert set(answer["faces"][0]["box"]) == {"x", "y", "width", "height"}


async def test_a_multipart_upload_gives_the_same_as_a_body(http: httpx.AsyncClient, jpeg: bytes) -> None:
    as_body = (await http.post("/v1/images", content=jpeg)).json()
    as_part = (await http.post("/v1/images", files={"picture": ("me.jpg", jpeg)})).json()
    assert as_part["faces"] == as_body["faces"]


async def test_an_explanation_maps_what_the_vote_leans_on_into_the_picture(
    http: httpx.AsyncClient, jpeg: bytes
) -> None:
    plain = (await http.post("/v1/images", content=jpeg)).json()["faces"][0]
    (face,) = (await http.post("/v1/images?explain=true", content=jpeg)).json()["faces"]
    assert "explanation" not in plain
    explanation = face["explanation"]
    assert explanation["label"] == face["top"] == plain["top"]
    values = np.array(explanation["values"])
    assert values.shape == (12, 12)
    assert abs(values).max() > 0.001, "covering some part changes the vote"
    assert values.max() <= face["probabilities"][face["top"]]
    a, b, c, d, e, f = explanation["crop_to_image"]
    middle = explanation["crop_size"] / 2
    x, y = a * middle + c * middle + e, b * middle + d * middle + f
    box = face["box"]
    assert box["x"] < x < box["x"] + box["width"], "the crop's middle lies within the face"
    assert box["y"] < y < box["y"] + box["height"]


async def test_live_frames_are_answered_while_a_crowd_is_explained(
    platform: Platform, http: httpx.AsyncClient, jpeg: bytes, group_pictures: list[Path]
) -> None:
    explaining = asyncio.create_task(http.post("/v1/images?explain=true", content=group_pictures[4].read_bytes()))
    async with live_session(platform.url) as session:
        answered = 0
        while not explaining.done():
            answered += isinstance(await session.ask(jpeg), Result)
    answer = (await explaining).json()
    explained = [("explanation" in face) for face in answer["faces"]]
    assert explained[0]
    assert explained == sorted(explained, reverse=True), "the largest first, as far as there was time"
    assert not any(explained[4:])
    assert answered >= 3


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "gzip"}, b"no gzip"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\nContent-Encoding: br\r\n\r\nx\r\n--b--\r\n"),
        ({"Content-Type": "multipart/form-data"}, b"--b--"),
    ],
)
async def test_a_body_that_is_not_what_its_headers_say_is_the_senders_mistake(
    http: httpx.AsyncClient, headers: dict[str, str], body: bytes
) -> None:
    answer = await http.post("/v1/images", content=body, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_picture_turned_by_exif_has_its_box_where_it_is_displayed(
    http: httpx.AsyncClient, face: npt.NDArray[np.uint8], jpeg: bytes
) -> None:
    upright = (await http.post("/v1/images", content=jpeg)).json()
    lying = encode(cv2.rotate(face, cv2.ROTATE_90_COUNTERCLOCKWISE).astype(np.uint8), ".jpg")
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    turned = (await http.post("/v1/images", content=lying[:2] + exif + lying[2:])).json()
    assert (turned["width"], turned["height"]) == (640, 480)
    for side in ("x", "y", "width", "height"):
        assert turned["faces"][0]["box"][side] == pytest.approx(upright["faces"][0]["box"][side], abs=8)


async def test_bytes_after_a_pictures_end_are_cut_off(http: httpx.AsyncClient, jpeg: bytes) -> None:
    assert len((await http.post("/v1/images", content=jpeg + b"\0" * 5000)).json()["faces"]) == 1


async def test_a_crop_gets_the_predictions_that_the_exported_files_give(http: httpx.AsyncClient) -> None:
    """What is measured offline is what is served: the same crop, member by member, and their vote."""
    crop = np.random.default_rng(3).integers(0, 256, (48, 48), np.uint8)
    answer = (await http.post("/v1/images?already_cropped=true&votes=true", content=encode(crop, ".png"))).json()
    (served,) = answer["faces"]
    assert served["box"] == {"x": 0, "y": 0, "width": 48, "height": 48}
    ensemble = read_ensemble(ROOT / "models")
    assert set(served["votes"]) == set(ensemble.members)
    mean = np.zeros(len(LABELS))
    for name, member in ensemble.members.items():
        offline = LiteMember(ROOT / "models" / name / str(member.version) / ensemble.bare_machine_file, 1)
        (probabilities,) = offline.predict(crop[np.newaxis, ..., np.newaxis])
        assert list(served["votes"][name].values()) == pytest.approx(probabilities.tolist(), abs=1e-4)
        mean += ensemble.votes["default"].weights.get(name, 0.0) * probabilities
    vote = mean ** (1.0 / ensemble.votes["default"].temperature)
    assert list(served["probabilities"].values()) == pytest.approx((vote / vote.sum()).tolist(), abs=1e-4)


async def test_a_picture_of_several_faces_names_each_largest_first(
    platform: Platform, group_pictures: list[Path]
) -> None:
    async with AsyncClient(platform.url) as client:
        replies = [await client.analyze(path.read_bytes(), min_face_size=16) for path in group_pictures]
        fewer = await client.analyze(group_pictures[4].read_bytes(), max_faces=2)
    found = [len(reply.faces) for reply in replies]
    assert sum(found) >= 20, found
    for reply in replies:
        areas = [face.box.area for face in reply.faces]
        assert areas == sorted(areas, reverse=True)
        assert len({face.face_id for face in reply.faces}) == len(reply.faces)
    assert len(fewer.faces) == 2


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("/v1/images", b"", 422, "bad_image"),
        ("/v1/images", b"hello", 422, "bad_image"),
        ("/v1/images", b"GIF89a" + bytes(100), 422, "bad_image"),
        ("/v1/images?max_faces=many", b"", 400, "bad_option"),
        ("/v1/images?max_faces=0", b"", 400, "bad_option"),
        ("/v1/images?colour=red", b"", 400, "bad_option"),
        ("/v1/images?vote_profile=best", b"", 400, "bad_option"),
        ("/v1/nothing", b"", 404, "not_found"),
        ("/healthz", b"", 405, "method_not_allowed"),
    ],
)
async def test_every_error_is_a_problem_that_names_itself(
    http: httpx.AsyncClient, path: str, content: bytes, status: int, code: str
) -> None:
    answer = await http.post(path, content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:thespis:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


async def test_a_picture_that_is_cut_off_too_large_or_no_crop_is_refused(
    http: httpx.AsyncClient, jpeg: bytes, face: npt.NDArray[np.uint8]
) -> None:
    assert (await http.post("/v1/images", content=jpeg[:-100])).status_code == 422
    at = jpeg.index(b"\xff\xc0")
    claims = jpeg[: at + 5] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 9 :]
    assert (await http.post("/v1/images", content=claims)).status_code == 413
    assert (await http.post("/v1/images?already_cropped=true", content=jpeg)).status_code == 422
    assert (await http.post("/v1/images", content=bytes(21 * 1024 * 1024))).status_code == 413


async def test_a_picture_over_a_mebibyte_is_welcome(http: httpx.AsyncClient, face: npt.NDArray[np.uint8]) -> None:
    noise = np.random.default_rng(0).integers(0, 30, (1440, 1920, 3), np.uint8)
    large = encode(cv2.add(cv2.resize(face, (1920, 1440)), noise).astype(np.uint8), ".png")
    assert len(large) > 1024 * 1024
    assert len((await http.post("/v1/images", content=large)).json()["faces"]) == 1


async def test_the_members_are_told_with_their_measured_accuracy(platform: Platform) -> None:
    async with AsyncClient(platform.url) as client:
        models = await client.models()
    assert tuple(models.labels) == LABELS
    assert {"baseline", "five_layer", "residual"} <= {member.name for member in models.members}
    for member in models.members:
        assert 0 < member.measured["private_test_accuracy"] < 1
    assert set(models.votes) == set(models.measured)


async def test_the_page_is_served_with_its_security_headers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert answer.status_code == 200
    assert "<title>" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await http.get("/web/../pyproject.toml")).status_code == 404


@pytest.mark.parametrize("written", ["node_modules", "./node_modules", "live/../node_modules", "%6eode_modules"])
def test_of_what_npm_installed_nothing_is_served_however_it_is_asked_for(platform: Platform, written: str) -> None:
    connection = HTTPConnection(platform.url.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("GET", f"/web/{written}/uplot/package.json")  # as it is written: others tidy it up first
        assert connection.getresponse().status == 404


def test_the_synchronous_client_does_the_same(platform: Platform) -> None:
    with Client(platform.url) as client:
        reply = client.analyze(astronaut_path().read_bytes(), votes=True)
        assert isinstance(reply, ImageReply)
        assert len(reply.faces) == 1
        assert client.readiness().ready
        assert client.models().votes["default"]
        with pytest.raises(ThespisError, match="neither JPEG nor PNG nor WebP"):
            client.analyze(b"hello")


def test_a_client_without_a_server_says_so() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable, match="is it running"):
        client.models()
