"""Where the platform asks for a key, the page asks the person for it once a tab, and everything works with it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.clips import astronaut, pan_and_zoom
from tests.e2e.files_page import ENDED_MS, choose, loaded, show_files
from tests.platform_process import ROOT, Platform
from tests.video_clips import write_clip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def key(home: Path) -> str:
    command = [sys.executable, "-m", "thespis.command_line", "keys", "create", "anna", "--data-path", home / "data"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture(scope="module")
def guarded(home: Path, key: str) -> Iterator[Platform]:
    """As behind a proxy: it asks for keys though only this machine can reach it."""
    with Platform(home / "up.log", THESPIS_REQUIRE_KEYS="true") as running:
        yield running


@pytest.fixture
def page(browser: Browser, guarded: Platform) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(guarded.url)
    yield page
    context.close()


def enter(page: Page, key: str) -> None:
    dialog = page.get_by_role("dialog", name="This server asks for a key")
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_role("button", name="Use this key").click()


def test_a_live_session_opens_with_the_key_after_a_wrong_one(page: Page, key: str) -> None:
    page.click("#start")
    enter(page, "thespis_0123456789ab_" + 43 * "x")
    expect(page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()
    enter(page, key)
    expect(page.locator("body[data-state=live] .face").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_video_goes_all_the_way_with_a_key_that_is_asked_for_once(page: Page, key: str, tmp_path: Path) -> None:
    film = write_clip(tmp_path / "film.webm", pan_and_zoom(astronaut()), 15.0)
    show_files(page)
    enter(page, key)
    choose(page, film)
    page.get_by_label("Also make a video with boxes").check()
    page.get_by_role("button", name="Send and start").click()
    loaded(page)
    video = page.locator(".player video")
    if video.get_attribute("data-source") != "annotated":
        page.get_by_role("button", name="Play the annotated video").click()
    expect(video).to_have_attribute("data-source", "annotated")
    page.wait_for_function("document.querySelector('.player video').readyState >= 2", timeout=ENDED_MS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rows as CSV").click()
    assert Path(download.value.path()).read_text().startswith("time_s,")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_tab_forgets_the_key_when_it_is_closed(page: Page, key: str, guarded: Platform) -> None:
    show_files(page)
    enter(page, key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    show_files(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    with page.context.new_page() as other:
        other.goto(f"{guarded.url}/#/files")
        expect(other.get_by_role("dialog", name="This server asks for a key")).to_be_visible()
