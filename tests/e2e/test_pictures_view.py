"""Pictures, from drop to download, and what is said of those that can't be read."""

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect

from tests.e2e.clips import astronaut
from tests.e2e.files_page import LABELS, card_of, choose, drop, file_of, pixels_of, read_picture, show_files
from tests.waiting import wait_until


def encoded(bgr_image: NDArray[np.uint8], suffix: str) -> bytes:
    return cv2.imencode(suffix, bgr_image)[1].tobytes()


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return encoded(astronaut(), ".jpg")


@pytest.fixture
def files_page(page: Page) -> Page:
    return show_files(page)


def test_a_dropped_picture_shows_its_face_with_bars_and_every_members_vote(files_page: Page, portrait: bytes) -> None:
    drop(files_page, "#view-files h1", "me.jpg", "image/jpeg", portrait)
    card = read_picture(files_page, "me.jpg")
    bars = card.get_by_role("meter").evaluate_all("bars => bars.map(bar => [bar.dataset.label, bar.ariaValueNow])")
    assert [label for label, _ in bars] == LABELS
    assert abs(sum(int(percent) for _, percent in bars) - 100) <= 2
    members = files_page.evaluate("fetch('/v1/models').then(answer => answer.json())")["members"]
    names = card.locator(".heat tbody .member th").evaluate_all("rows => rows.map(row => row.firstChild.textContent)")
    assert sorted(names) == sorted(member["name"] for member in members)
    expect(card.get_by_role("img")).to_have_attribute("aria-label", "me.jpg: 1 face. face 1: happy")
    expect(files_page.locator("#announcer")).to_have_text("me.jpg: 1 face. face 1: happy")


def test_more_pictures_than_a_page_can_hold_are_left_out_and_that_is_said(files_page: Page) -> None:
    files_page.route("**/v1/images*", lambda route: route.fulfill(status=503, json={"detail": "not now"}))
    small = encoded(np.zeros((24, 24, 3), np.uint8), ".png")
    choose(files_page, *(file_of(f"{number}.png", small, "image/png") for number in range(101)))
    expect(files_page.locator(".picture")).to_have_count(100)
    expect(files_page.get_by_text("1 picture was left out: 100 are shown at once")).to_be_visible()
    card_of(files_page, "7.png").get_by_role("button", name="Remove").click()
    expect(files_page.get_by_text("left out")).to_have_count(0)
    choose(files_page, file_of("100.png", small, "image/png"))
    expect(files_page.locator(".picture")).to_have_count(100)


COLOURED = """canvas => {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = { width, height, left: width, right: 0, bottom: 0 };
    for (let at = 0; at < data.length; at += 4) {
        if (data[at] !== 0xe6 || data[at + 1] !== 0x9f || data[at + 2] !== 0) continue;
        const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
        found.left = Math.min(found.left, x);
        found.right = Math.max(found.right, x);
        found.bottom = Math.max(found.bottom, y);
    }
    return found;
}"""
"""Where the colour of face 1 is drawn; above the box lies its chip, in the same colour."""


def test_the_box_lies_on_the_face(files_page: Page, portrait: bytes) -> None:
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    card = read_picture(files_page, "me.jpg")
    with files_page.expect_download() as saved:
        card.get_by_role("button", name="Numbers as JSON").click()
    numbers = json.loads(Path(saved.value.path()).read_text())
    box = numbers["faces"][0]["box"]
    found = card.locator("canvas").evaluate(COLOURED)
    scale = min(found["width"] / numbers["width"], found["height"] / numbers["height"])
    left = (found["width"] - numbers["width"] * scale) / 2
    top = (found["height"] - numbers["height"] * scale) / 2
    assert found["left"] == pytest.approx(left + box["x"] * scale, abs=4)
    assert found["bottom"] == pytest.approx(top + (box["y"] + box["height"]) * scale, abs=4)
    assert found["right"] >= left + (box["x"] + box["width"]) * scale - 4


def test_numbers_are_downloaded_as_json_and_csv(files_page: Page, portrait: bytes) -> None:
    choose(files_page, file_of("=me.jpg", portrait, "image/jpeg"))
    card = read_picture(files_page, "=me.jpg")
    with files_page.expect_download() as saved:
        card.get_by_role("button", name="Numbers as JSON").click()
    numbers = json.loads(Path(saved.value.path()).read_text())
    assert numbers["name"] == "=me.jpg"
    (face,) = numbers["faces"]
    assert list(face["probabilities"]) == LABELS
    with files_page.expect_download() as saved:
        card.get_by_role("button", name="Numbers as CSV").click()
    (row,) = csv.DictReader(io.StringIO(Path(saved.value.path()).read_text()))
    assert row["file"] == "'=me.jpg", "a spreadsheet takes it for no formula"
    assert float(row["happy"]) == face["probabilities"]["happy"]
    assert float(row["x"]) == face["box"]["x"]


def test_what_the_vote_leans_on_is_shown_on_demand_and_hidden_again(files_page: Page, portrait: bytes) -> None:
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    card = read_picture(files_page, "me.jpg")
    before = pixels_of(card.locator("canvas"))
    card.get_by_role("button", name="Show what the vote leans on").click()
    hide = card.get_by_role("button", name="Hide what the vote leans on")
    expect(hide).to_be_focused(timeout=30_000)
    expect(card.get_by_text("Orange: covering this part")).to_be_visible()
    expect(card.locator(".legend li")).to_contain_text("face 1: ")
    assert pixels_of(card.locator("canvas")) != before
    hide.click()
    expect(card.get_by_text("Orange: covering this part")).to_be_hidden()
    assert pixels_of(card.locator("canvas")) == before


def test_a_picture_without_a_map_is_told_so_and_shows_no_legend(files_page: Page, portrait: bytes) -> None:
    def without_map(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for face in told["faces"]:
            del face["explanation"]
        route.fulfill(response=answer, json=told)

    files_page.route("**/v1/images?*explain=true*", without_map)
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    card = read_picture(files_page, "me.jpg")
    card.get_by_role("button", name="Show what the vote leans on").click()
    expect(card.get_by_text("No map: only the four largest faces get one")).to_be_visible(timeout=30_000)
    expect(card.get_by_role("button", name="Show what the vote leans on")).to_be_focused()
    expect(card.locator(".legend")).to_be_hidden()


def test_several_pictures_are_read_and_their_numbers_saved_together(files_page: Page, group_pictures, portrait) -> None:
    choose(files_page, group_pictures[0], group_pictures[4])
    for path in (group_pictures[0], group_pictures[4]):
        expect(card_of(files_page, path.name).locator(".face").first).to_be_visible()
    faces = files_page.locator(".picture .face").count()
    with files_page.expect_download() as saved:
        files_page.get_by_role("button", name="All numbers as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert len(rows) == faces >= 5
    assert {row["file"] for row in rows} == {group_pictures[0].name, group_pictures[4].name}
    files_page.get_by_role("button", name=f"Remove: {group_pictures[0].name}").click()
    expect(files_page.locator(".picture")).to_have_count(1)
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    read_picture(files_page, "me.jpg")
    files_page.get_by_role("button", name="Clear").click()
    expect(files_page.locator(".picture")).to_have_count(0)
    expect(files_page.get_by_role("button", name="Choose pictures or videos")).to_be_focused()


def test_a_picture_that_is_removed_holds_up_no_other(files_page: Page, portrait: bytes) -> None:
    """Two are read at once; both wait for ever here, and are given up."""
    waiting: list[Route] = []
    files_page.route("**/v1/images?*", lambda route: waiting.append(route), times=2)
    held = ("one.jpg", "two.jpg")
    choose(files_page, *(file_of(name, portrait, "image/jpeg") for name in held))
    wait_until(lambda: files_page.evaluate("2") == len(waiting))  # who asks the page lets routes be called
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    expect(card_of(files_page, "me.jpg")).to_contain_text("waiting", ignore_case=True)
    for name in held:
        files_page.get_by_role("button", name=f"Remove: {name}").click()
    read_picture(files_page, "me.jpg")
    expect(files_page.locator("#announcer")).to_contain_text("me.jpg")


def test_the_face_whose_votes_are_shown_is_chosen_by_panel_list_or_picture(files_page: Page, group_pictures) -> None:
    choose(files_page, group_pictures[4])
    card = card_of(files_page, group_pictures[4].name)
    expect(card.locator(".face").nth(1)).to_be_visible()
    chosen = card.get_by_label("Face whose votes are shown")
    expect(chosen).to_have_value("1")
    card.get_by_role("button", name="face 2").click()
    expect(chosen).to_have_value("2")
    expect(card.get_by_role("button", name="face 2")).to_have_attribute("aria-pressed", "true")
    chosen.select_option("1")
    expect(card.get_by_role("button", name="face 1")).to_have_attribute("aria-pressed", "true")
    said = card.locator(".heat .vote-of-all").inner_text()
    with files_page.expect_download() as saved:
        card.get_by_role("button", name="Numbers as JSON").click()
    numbers = json.loads(Path(saved.value.path()).read_text())
    box = numbers["faces"][1]["box"]
    canvas = card.locator("canvas")
    room = canvas.bounding_box()
    assert room is not None
    scale = room["width"] / numbers["width"]
    middle = {"x": (box["x"] + box["width"] / 2) * scale, "y": (box["y"] + box["height"] / 2) * scale}
    canvas.click(position=middle)
    expect(chosen).to_have_value("2")
    assert card.locator(".heat .vote-of-all").inner_text() != said


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [
        ("cut.jpg", "image/jpeg", "This picture can’t be read"),
        ("words.jpg", "image/jpeg", "This picture can’t be read"),
        ("phone.heic", "image/heic", "This kind of picture is not known"),
    ],
)
def test_a_picture_that_cannot_be_read_is_told_in_words(
    files_page: Page, portrait: bytes, name: str, kind: str, title: str
) -> None:
    data = portrait[: len(portrait) // 2] if name == "cut.jpg" else b"these are words"
    choose(files_page, file_of(name, data, kind))
    problem = card_of(files_page, name).get_by_role("alert")
    expect(problem).to_contain_text(title)
    expect(problem).to_contain_text("JPEG")
    expect(card_of(files_page, name).get_by_role("button", name="Try again")).to_be_visible()


def test_a_file_that_is_neither_picture_nor_video_is_told_in_words(files_page: Page, portrait: bytes) -> None:
    choose(files_page, file_of("notes.txt", b"words", "text/plain"), file_of("me.jpg", portrait, "image/jpeg"))
    expect(files_page.get_by_role("alert")).to_contain_text("Not a picture or video we know: notes.txt")
    read_picture(files_page, "me.jpg")


def test_a_picture_without_a_face_says_so(files_page: Page) -> None:
    wall = encoded(np.full((240, 320, 3), 128, np.uint8), ".png")
    choose(files_page, file_of("wall.png", wall, "image/png"))
    expect(card_of(files_page, "wall.png").get_by_role("alert")).to_contain_text("No face was found")


def test_a_format_that_only_the_browser_knows_is_saved_anew(files_page: Page) -> None:
    choose(files_page, file_of("me.bmp", encoded(astronaut(), ".bmp"), "image/bmp"))
    card = read_picture(files_page, "me.bmp")
    expect(card).to_contain_text("Your browser saved it anew before sending")


def test_a_picture_of_too_many_pixels_is_made_smaller(files_page: Page) -> None:
    huge = cv2.resize(astronaut(), (5200, 5200))
    choose(files_page, file_of("huge.jpg", encoded(huge, ".jpg"), "image/jpeg"))
    card = read_picture(files_page, "huge.jpg")
    expect(card).to_contain_text("from 5200 × 5200 to 4096 × 4096")


def test_a_server_that_is_away_is_told_and_the_picture_tried_again(files_page: Page, portrait: bytes) -> None:
    files_page.route("**/v1/images*", lambda route: route.abort())
    choose(files_page, file_of("me.jpg", portrait, "image/jpeg"))
    expect(card_of(files_page, "me.jpg").get_by_role("alert")).to_contain_text("The server does not answer")
    files_page.unroute("**/v1/images*")
    card_of(files_page, "me.jpg").get_by_role("button", name="Try again").click()
    read_picture(files_page, "me.jpg")
