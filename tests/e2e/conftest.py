"""A real browser with a clip for a camera. `platform`, the running Thespis, comes from tests/conftest.py."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import camera_flags, find_browser
from tests.e2e.clips import astronaut, pan_and_zoom, write_mjpeg
from tests.platform_process import ROOT

WATCH = Path(__file__).with_name("watch.js")
# A bound for what never comes, not a measure of speed: two cores run the browser, the platform and its camera.
expect.set_options(timeout=20_000)

SCREENSHOTS = ROOT / "artefacts" / "screenshots"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def astronaut_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mjpeg(tmp_path_factory.mktemp("clips") / "astronaut.mjpeg", pan_and_zoom(astronaut()))


@contextlib.contextmanager
def browser_that_sees(clip: Path) -> Iterator[Browser]:
    """A browser of its own: a camera's clip is a flag of the whole browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=camera_flags(clip))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser(platform: object, astronaut_clip: Path) -> Iterator[Browser]:
    """One for a module: a session's would leave Playwright's event loop running under the asyncio tests."""
    with browser_that_sees(astronaut_clip) as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, platform) -> Iterator[OpenPage]:
    """Opens the start page in a context of its own, with scripts put in before those of the page."""
    contexts = []

    def open_it(*scripts: str, watch_from: Callable[[Page], None] | None = None, **options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        for script in scripts:
            context.add_init_script(script)
        context.add_init_script(path=WATCH)
        page = context.new_page()
        if watch_from is not None:
            watch_from(page)
        page.goto(platform.url)
        page.wait_for_selector("body[data-state=start]")
        return page

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def live_page(page: Page) -> Page:
    """A page that was started and shows a face."""
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    return page


@pytest.fixture
def keep_screenshot() -> Callable[[Page, str], None]:
    """Keeps what a page looks like under `artefacts/screenshots`, for people to look at after a run."""

    def keep(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=True)

    return keep
