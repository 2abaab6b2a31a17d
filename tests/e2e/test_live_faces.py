"""The live view with three faces before the camera, with none, and with one that comes and goes."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.clips import astronaut, blurred, come_and_go, drift, empty_room, pan_and_zoom, write_mjpeg
from tests.e2e.conftest import WATCH, browser_that_sees
from tests.e2e.live_page import start, wait_for_answers
from tests.platform_process import Platform
from tests.waiting import wait_until

PRESENT = ".face:not(.absent)"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, group_pictures: list[Path]) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    three = np.asarray(cv2.imread(str(group_pictures[0])), np.uint8)
    frames = {
        "three": drift(three),
        "none": empty_room(),
        "comes and goes": come_and_go(astronaut()),
        "blurred": blurred(pan_and_zoom(astronaut())),
    }
    return {name: write_mjpeg(folder / f"{name}.mjpeg", made) for name, made in frames.items()}


@pytest.fixture
def page_that_sees(clips: dict[str, Path], platform: Platform, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browser_that_sees(clips[request.param]) as browser:
        yield open_page(browser, platform)


def open_page(browser: Browser, platform: Platform) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(path=WATCH)
    page.goto(platform.url)
    return start(page)


@pytest.mark.parametrize("page_that_sees", ["three"], indirect=True)
def test_three_faces_have_panels_of_their_own_side_by_side(page_that_sees: Page, keep_screenshot) -> None:
    page = page_that_sees
    expect(page.locator(PRESENT)).to_have_count(3)
    # A face that is missed in a frame keeps its panel for a second.
    assert len(set(page.locator(".face").evaluate_all("faces => faces.map(face => face.dataset.colour)"))) == 3
    tops = page.locator(".face").evaluate_all("faces => faces.map(face => face.getBoundingClientRect().top)")
    assert len(set(tops[:2])) == 1
    expect(page.locator("#announcer")).to_have_text(re.compile(r"face \d+: .+, face \d+: .+, face \d+: "))
    wait_for_answers(page, 20)
    keep_screenshot(page, "live-three-faces")


@pytest.mark.parametrize("page_that_sees", ["three"], indirect=True)
def test_a_face_is_chosen_and_its_vote_and_timeline_are_shown(page_that_sees: Page) -> None:
    page = page_that_sees
    expect(page.locator(PRESENT)).to_have_count(3)
    chosen = page.locator(".face-name[aria-pressed=true]")
    expect(chosen).to_have_count(1)
    other = page.locator(".face-name[aria-pressed=false]").first
    name = other.inner_text()
    other.click()
    expect(chosen).to_have_text(name)
    expect(page.locator("#votes-face")).to_have_text(name)
    expect(page.locator("#timeline-face option:checked")).to_have_text(name)


@pytest.mark.parametrize("page_that_sees", ["three"], indirect=True)
def test_no_more_faces_are_looked_at_than_was_asked_for(page_that_sees: Page) -> None:
    page = page_that_sees
    expect(page.locator(PRESENT)).to_have_count(3)
    page.locator("#max-faces").fill("1")
    wait_until(lambda: page.evaluate("watched.last['session.updated'].preferences.max_faces") == 1)
    expect(page.locator(PRESENT)).to_have_count(1)
    assert page.evaluate("watched.last.result.faces.length") == 1


@pytest.mark.parametrize("page_that_sees", ["none"], indirect=True)
def test_without_a_face_the_page_says_so(page_that_sees: Page, keep_screenshot) -> None:
    expect(page_that_sees.locator("#no-face")).to_contain_text("No face in view")
    expect(page_that_sees.locator("#announcer")).to_have_text("No face in view")
    expect(page_that_sees.locator(".face")).to_have_count(0)
    keep_screenshot(page_that_sees, "live-no-face")


@pytest.mark.parametrize("page_that_sees", ["comes and goes"], indirect=True)
def test_a_face_that_goes_loses_its_panel_and_comes_back_as_another(page_that_sees: Page) -> None:
    page = page_that_sees
    page.wait_for_selector(PRESENT)
    first = page.locator(PRESENT).get_attribute("data-face-id")
    expect(page.locator(".face")).to_have_count(0)  # it stays for 2 s, and its panel 1 s longer
    expect(page.locator("#no-face")).to_be_visible()
    page.wait_for_selector(PRESENT)
    assert page.locator(PRESENT).get_attribute("data-face-id") != first
    faces = page.locator("#timeline-face option").all_inner_texts()
    assert len(faces) >= 2, "the timeline still knows who was there in the last minute"


def set_slider(page: Page, slider: str, value: int) -> None:
    """Without scrolling to it, as `fill` would: what is out of sight does not count as shifted."""
    page.locator(slider).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')) }", value
    )


def top_of_timeline(page: Page) -> float:
    return page.locator(".timeline").evaluate("card => card.getBoundingClientRect().top + window.scrollY")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 360, "height": 740}])
@pytest.mark.parametrize("page_that_sees", ["three"], indirect=True)
def test_nothing_shifts_when_more_faces_come(page_that_sees: Page, size: ViewportSize) -> None:
    page = page_that_sees
    page.set_viewport_size(size)
    set_slider(page, "#min-face", 200)
    expect(page.locator(".face")).to_have_count(0)
    before = top_of_timeline(page)
    page.evaluate("watched.layoutShift = 0")
    set_slider(page, "#min-face", 24)
    expect(page.locator(PRESENT)).to_have_count(3)
    wait_for_answers(page, 10)
    assert page.evaluate("watched.layoutShift") < 0.02
    assert top_of_timeline(page) == before


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 360, "height": 740}])
@pytest.mark.parametrize("page_that_sees", ["comes and goes"], indirect=True)
def test_nothing_shifts_as_a_face_comes_and_goes(page_that_sees: Page, size: ViewportSize) -> None:
    page = page_that_sees
    page.set_viewport_size(size)
    page.wait_for_selector(PRESENT)
    wait_for_answers(page)
    before = top_of_timeline(page)
    page.evaluate("watched.layoutShift = 0")
    expect(page.locator(".face")).to_have_count(0)
    assert top_of_timeline(page) == before
    page.wait_for_selector(PRESENT)
    assert top_of_timeline(page) == before
    assert page.evaluate("watched.layoutShift") < 0.02


@pytest.mark.parametrize("page_that_sees", ["blurred"], indirect=True)
def test_what_the_members_are_at_odds_about_is_called_uncertain(page_that_sees: Page, keep_screenshot) -> None:
    uncertain = page_that_sees.locator(".face.uncertain")
    expect(uncertain.get_by_text("uncertain")).to_be_visible()
    expect(uncertain.locator(".face-top")).to_have_text(re.compile(r"^perhaps \w+$"))
    expect(page_that_sees.locator("#announcer")).to_contain_text("perhaps")
    keep_screenshot(page_that_sees, "live-uncertain")
