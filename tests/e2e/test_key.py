"""The page where the server asks for a key: it is entered once and kept for the tab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.clips import astronaut, pan_and_zoom
from tests.e2e.files_page import choose, loaded, show_files
from tests.integration.test_command_line import thespis
from tests.platform_process import Platform
from tests.video_clips import write_clip
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keyed") / "data"


def made(data: Path, name: str, *flags: str) -> str:
    return thespis("keys", "create", name, *flags, "--data-path", str(data)).stdout.strip()


@pytest.fixture(scope="module")
def key(data: Path) -> str:
    return made(data, "page")


@pytest.fixture(scope="module")
def guarded(data: Path, key: str) -> Iterator[Platform]:
    with Platform(data.parent / "up.log", THESPIS_REQUIRE_KEYS="true") as running:
        yield running


@pytest.fixture
def started(browser: Browser, guarded: Platform) -> Iterator[Page]:
    """The page, after the button was pressed."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(guarded.url)
    page.click("#start")
    yield page
    context.close()


def enter(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_a_key_is_asked_for_once_and_kept_for_the_tab(started: Page, key: str) -> None:
    dialog = started.get_by_role("dialog", name="This server asks for a key")
    expect(dialog).to_be_visible()
    expect(started.get_by_label("API key")).to_be_focused()
    enter(started, key)
    started.wait_for_selector("body[data-state=live] .face")
    started.reload()
    started.click("#start")
    started.wait_for_selector("body[data-state=live] .face")
    expect(dialog).to_have_count(0)
    assert started.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0


def test_a_wrong_key_is_told_and_another_asked_for(started: Page, key: str) -> None:
    enter(started, "thespis_0123456789ab_wrong")
    expect(started.get_by_role("dialog").get_by_role("alert")).to_contain_text("not known here")
    enter(started, key)
    started.wait_for_selector("body[data-state=live] .face")


def test_signs_that_were_pasted_along_do_no_harm(started: Page, key: str) -> None:
    """Quotes, spaces and what nobody sees: a browser would put none of them into a header."""
    enter(started, f" \u201c\u200b{key}\u201d\u00a0")
    started.wait_for_selector("body[data-state=live] .face")


def test_a_key_can_be_forgotten(started: Page, key: str) -> None:
    enter(started, key)
    started.wait_for_selector("body[data-state=live] .face")
    started.evaluate("location.hash = '#/privacy'")
    with started.expect_event("load"):  # it begins anew
        started.get_by_role("button", name="Forget the key").click()
    expect(started.get_by_role("heading", name="Your API key")).to_be_hidden()
    assert started.evaluate("sessionStorage.length") == 0
    started.evaluate("location.hash = '#/live'")
    started.click("#start")
    expect(started.get_by_role("dialog", name="This server asks for a key")).to_be_visible()


def test_who_has_no_key_is_told_so(started: Page) -> None:
    expect(started.get_by_role("dialog")).to_be_visible()
    started.keyboard.press("Escape")
    expect(started.get_by_role("alert")).to_contain_text("It asks for an API key")
    expect(started.locator("body")).to_have_attribute("data-state", "error")


def test_when_the_key_is_taken_back_another_is_asked_for(started: Page, data: Path) -> None:
    passing, lasting = made(data, "passing"), made(data, "lasting")
    enter(started, passing)
    started.wait_for_selector("body[data-state=live] .face")
    assert thespis("keys", "revoke", passing.split("_")[1], "--data-path", str(data)).returncode == 0
    expect(started.get_by_role("dialog")).to_be_visible()
    enter(started, lasting)
    started.wait_for_selector("body[data-state=live] .face")


def test_a_key_that_is_not_for_what_it_opens_is_told_so(started: Page, data: Path) -> None:
    enter(started, made(data, "pictures", "--scopes", "images"))
    expect(started.get_by_role("alert")).to_contain_text("Your API key is not for the live view")
    expect(started.locator("body")).to_have_attribute("data-state", "error")
    show_files(started)
    expect(started.locator(".job-list").get_by_role("alert")).to_contain_text("Your key is not for this")
    expect(started.get_by_role("button", name="Try again")).to_be_visible()
    expect(started.get_by_text("trying again")).to_have_count(0)


def test_a_video_goes_all_the_way_with_a_key_that_is_asked_for_once(
    browser: Browser, guarded: Platform, key: str, tmp_path: Path
) -> None:
    film = write_clip(tmp_path / "film.webm", pan_and_zoom(astronaut()), 15.0)
    page = browser.new_page()
    page.goto(guarded.url)
    show_files(page)
    enter(page, key)
    expect(page.get_by_text("Your videos belong to your key")).to_be_visible()
    expect(page.get_by_text("There is no sign-in")).to_have_count(0)
    choose(page, film)
    expect(page.get_by_text("Whoever opens the link and has your key can watch it.")).to_be_visible()
    page.get_by_label("Also make a video with boxes").check()
    page.get_by_role("button", name="Send and start").click()
    loaded(page)
    video = page.locator(".player video")
    if video.get_attribute("data-source") != "annotated":
        page.get_by_role("button", name="Play the annotated video").click()
    expect(video).to_have_attribute("data-source", "annotated")
    # Not `wait_for_function`: it evaluates text in the page a second time, which the page's policy forbids.
    wait_until(lambda: int(video.evaluate("video => video.readyState")) >= 2)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rows as CSV").click()
    assert Path(download.value.path()).read_text().startswith("time_s,")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("gone for everybody who has your key")
    page.close()


def test_an_upload_asks_for_the_key_and_is_sent_again(
    browser: Browser, guarded: Platform, key: str, tmp_path: Path
) -> None:
    film = write_clip(tmp_path / "film.webm", pan_and_zoom(astronaut()), 15.0)
    page = browser.new_page()
    page.goto(guarded.url)
    show_files(page)
    enter(page, key)
    choose(page, film)
    page.evaluate("sessionStorage.clear()")
    page.get_by_role("button", name="Send and start").click()
    expect(page.get_by_role("dialog", name="This server asks for a key")).to_be_visible()
    enter(page, key)
    expect(page.get_by_role("heading", name="film.webm", level=1)).to_be_visible()
    page.close()
