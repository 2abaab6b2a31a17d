"""What the views of pictures and videos must be: reachable by all, calm, and fit for a phone. Screenshots are kept."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clips import astronaut, pan_and_zoom, write_long_film
from tests.e2e.files_page import ENDED_MS, choose, file_of, loaded, pixels_of, read_picture, show_files, show_job
from tests.e2e.live_page import tab_to
from tests.e2e.test_page_quality import PHONE, SIDEWAYS, violations
from tests.integration.job_client import JobClient
from tests.platform_process import Platform
from tests.video_clips import write_clip
from tests.waiting import wait_until

pytestmark = pytest.mark.long

MOST_BYTES = 150_000

Visit = Callable[[Page], None]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("film") / "film.webm", pan_and_zoom(astronaut()), 15.0)


@pytest.fixture(scope="module")
def job_id(platform: Platform, film: Path) -> Iterator[str]:
    """A job with everything in its results."""
    jobs = JobClient(platform)
    found = jobs.submit(film, "film.webm", annotated=True, votes=True, label="demo")
    jobs.wait(found)
    yield found
    jobs.ask("DELETE", f"/v1/jobs/{found}")


@pytest.fixture
def submit(platform: Platform) -> Iterator[Callable[..., str]]:
    """Hands a video in; its job is gone after the test."""
    jobs, submitted = JobClient(platform), []

    def submit_it(video: Path, **options: object) -> str:
        submitted.append(jobs.submit(video, video.name, **options))
        return submitted[-1]

    yield submit_it
    for one in submitted:
        jobs.ask("DELETE", f"/v1/jobs/{one}")


@pytest.fixture
def views(platform: Platform, job_id: str, film: Path, submit: Callable[..., str], tmp_path: Path) -> dict[str, Visit]:
    portrait = cv2.imencode(".jpg", astronaut())[1].tobytes()

    def picture(page: Page) -> None:
        show_files(page)
        choose(page, file_of("me.jpg", portrait, "image/jpeg"), file_of("cut.jpg", portrait[:999], "image/jpeg"))
        read_picture(page, "me.jpg").get_by_role("button", name="Show what the vote leans on").click()
        expect(page.locator(".legend:visible")).to_contain_text("Orange", timeout=30_000)
        expect(page.get_by_role("alert")).to_be_visible()

    def form(page: Page) -> None:
        show_files(page)
        choose(page, film)
        page.get_by_text("More settings").click()

    def delete(page: Page) -> None:
        show_files(page)
        page.get_by_role("button", name="Delete: film.webm").click()

    def job(page: Page) -> None:
        show_job(page, platform, job_id)
        loaded(page)

    def running(page: Page) -> None:
        long = write_long_film(tmp_path / "long.webm")
        show_job(page, platform, submit(long, fps=60))
        expect(page.locator(".job-view > .job-state")).to_contain_text("running", timeout=ENDED_MS)

    def linked(page: Page) -> None:
        show_job(page, platform, submit(film))
        loaded(page)
        expect(page.get_by_role("button", name="Choose the video")).to_be_visible()

    return {
        "picture": picture, "video-form": form, "delete": delete,
        "job-done": job, "job-running": running, "job-by-link": linked,
    }  # fmt: skip


VIEWS = ["picture", "video-form", "delete", "job-done", "job-running", "job-by-link"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(open_page, keep_screenshot, views: dict[str, Visit], view: str, theme: str) -> None:
    page = open_page(color_scheme=theme, viewport={"width": 1280, "height": 800})
    views[view](page)
    assert violations(page) == []
    keep_screenshot(page, f"{view}-{theme}")


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_needs_no_sideways_scrolling(open_page, keep_screenshot, views: dict[str, Visit], view: str) -> None:
    page = open_page(**PHONE)
    views[view](page)
    assert page.evaluate(SIDEWAYS) <= 0
    keep_screenshot(page, f"{view}-phone")


def test_a_video_goes_from_choice_to_timeline_by_keyboard_alone(page: Page, platform: Platform, film: Path) -> None:
    tab_to(page, "nav a[data-views~=files]")
    page.keyboard.press("Enter")
    expect(page.locator(".drop-zone")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        # In here: Playwright does not wait until Chromium intercepts choosers, and a key pressed at once can be faster.
        tab_to(page, ".drop-zone button")
        page.keyboard.press("Enter")
    chooser.value.set_files(film)
    expect(page.get_by_label("Moments a second")).to_be_focused()
    tab_to(page, ".video-form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/jobs/"), timeout=ENDED_MS)
    expect(page.locator("#view-jobs")).to_be_focused()
    loaded(page)
    tab_to(page, ".video-chart")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    chart = page.get_by_role("slider", name="Place in the video")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r"^0:00\.6, face 1 · happy \d+ %$"))
    wait_until(lambda: abs(page.evaluate("document.querySelector('.player video').currentTime") - 0.6) < 0.1)
    whole = pixels_of(page.locator(".video-chart canvas"))
    page.get_by_role("button", name="Zoom out").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Zoom in")).to_be_focused()
    page.keyboard.press("Enter")
    wait_until(lambda: pixels_of(page.locator(".video-chart canvas")) != whole)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    wait_until(lambda: pixels_of(page.locator(".video-chart canvas")) == whole)
    tab_to(page, ".line-key button")
    page.keyboard.press("Space")
    expect(page.locator(".line-key button").first).to_have_attribute("aria-pressed", "false")
    JobClient(platform).ask("DELETE", f"/v1/jobs/{page.url.rsplit('/', 1)[1]}")


def test_nothing_shifts_while_a_job_opens_and_plays(page: Page, platform: Platform, job_id: str) -> None:
    show_files(page)
    show_job(page, platform, job_id)
    loaded(page)
    page.get_by_role("slider", name="Place in the video").press("End")
    assert page.evaluate("watched.layoutShift") < 0.1


@pytest.mark.parametrize("view", ["#/live", "#/files", "#/jobs/"])
def test_no_view_needs_much_javascript(open_page, platform: Platform, job_id: str, view: str) -> None:
    page = open_page()
    page.goto("about:blank")
    page.goto(f"{platform.url}/{view}{job_id if view.endswith('/') else ''}")
    if view.endswith("/"):
        loaded(page)
    expect(page.locator("main > section:visible h1").first).to_be_visible()
    own = """performance.getEntriesByType("resource")
        .filter(({ name }) => name.endsWith(".js") && !name.includes("/vendor/"))
        .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)"""
    assert 50_000 < page.evaluate(own) < MOST_BYTES


def test_numbers_that_are_lost_on_their_way_are_asked_for_again(page: Page, platform: Platform, job_id: str) -> None:
    problem = {"type": "urn:thespis:problem:unavailable", "title": "Service Unavailable", "status": 503, "detail": ""}
    page.route("**/results?*", lambda route: route.fulfill(status=503, json=problem))
    page.goto(f"{platform.url}/#/jobs/{job_id}")
    again = page.locator(".results").get_by_role("button", name="Try again")
    expect(again).to_be_visible(timeout=ENDED_MS)
    expect(page.locator(".results video")).to_be_visible()
    page.unroute("**/results?*")
    again.click()
    expect(page.locator(".results[data-loaded]")).to_be_visible(timeout=ENDED_MS)
    expect(again).to_have_count(0)


@pytest.mark.parametrize("lost", ["**/files/view.js", "**/files/job.js", "**/files/results.js"])
def test_code_that_is_lost_on_its_way_is_told_and_loaded_again(page: Page, job_id: str, lost: str) -> None:
    page.route(lost, lambda route: route.abort())
    page.evaluate("address => { location.hash = address }", "#/files" if "view" in lost else f"#/jobs/{job_id}")
    expect(page.get_by_role("alert")).to_contain_text("This part of the page could not be loaded")
    page.unroute(lost)
    page.get_by_role("button", name="Load the page again").click()
    expect(page.locator(".drop-zone" if "view" in lost else ".results[data-loaded]")).to_be_visible(timeout=ENDED_MS)
