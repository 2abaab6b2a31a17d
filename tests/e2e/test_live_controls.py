"""What a person can set on the live view, and that the session does it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.live_page import CAMERA_FPS, pixels_of, wait_for_answers, wait_for_camera_pictures
from tests.waiting import wait_until

pytestmark = pytest.mark.long

LIGHTER_LEFT = """() => {
    const canvas = document.getElementById("picture");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let balance = 0;
    for (let at = 0; at < data.length; at += 4) {
        const left = (at / 4) % canvas.width < canvas.width / 2;
        balance += (left ? 1 : -1) * (data[at] + data[at + 1] + data[at + 2]);
    }
    return balance > 0;
}"""


def in_force(page: Page, name: str) -> object:
    return page.evaluate(f"watched.last['session.updated']?.preferences['{name}']")


def test_smoothing_goes_from_raw_to_strong(live_page: Page) -> None:
    live_page.locator("#smoothing").fill("0")
    expect(live_page.locator("output[for=smoothing]")).to_have_text("raw")
    wait_until(lambda: in_force(live_page, "smoothing") == 0)
    wait_until(
        lambda: live_page.evaluate(
            "watched.last.result.faces.some(({ smoothed, top, probabilities }) => smoothed[top] === probabilities[top])"
        )
    )
    live_page.locator("#smoothing").fill("0.95")
    expect(live_page.locator("output[for=smoothing]")).to_have_text("strong")
    wait_until(lambda: in_force(live_page, "smoothing") == 0.95)


def test_a_face_smaller_than_wished_is_not_looked_at(live_page: Page) -> None:
    live_page.locator("#min-face").fill("200")
    wait_until(lambda: in_force(live_page, "min_face_size") == 200)
    expect(live_page.locator(".face")).to_have_count(0)
    live_page.get_by_role("button", name="Reset").click()
    live_page.wait_for_selector(".face")


def test_the_vote_can_be_weighed_otherwise(live_page: Page) -> None:
    profiles = live_page.evaluate("watched.last['session.created'].vote_profiles")
    live_page.locator("#vote-profile").select_option(profiles[-1])
    wait_until(lambda: in_force(live_page, "vote_profile") == profiles[-1])


def test_no_more_frames_are_sent_than_was_allowed(live_page: Page) -> None:
    live_page.locator("#cap").fill("2")
    wait_for_camera_pictures(live_page, CAMERA_FPS)
    before, began = live_page.evaluate("[watched.framesSent, performance.now()]")
    wait_for_camera_pictures(live_page, 2 * CAMERA_FPS)
    sent, ended = live_page.evaluate("[watched.framesSent, performance.now()]")
    assert 1 <= sent - before <= 2 * (ended - began) / 1000 + 2


def test_pictures_are_as_large_as_was_chosen(live_page: Page) -> None:
    wait_until(lambda: live_page.evaluate("watched.last.result.width") == 640)
    live_page.locator("#quality").select_option("low")
    wait_until(lambda: live_page.evaluate("watched.last.result.width") == 400)
    live_page.wait_for_selector(".face:not(.absent)")


def test_the_mirror_can_be_switched(live_page: Page) -> None:
    mirrored = live_page.evaluate(LIGHTER_LEFT)
    live_page.get_by_label("Mirror").uncheck()
    wait_until(lambda: live_page.evaluate(LIGHTER_LEFT) != mirrored)
    live_page.get_by_label("Mirror").check()
    wait_until(lambda: live_page.evaluate(LIGHTER_LEFT) == mirrored)


def test_landmarks_are_drawn_on_demand(live_page: Page) -> None:
    wait_for_answers(live_page)
    assert live_page.evaluate("watched.landmarks") == 0
    live_page.get_by_label("Landmarks").check()
    wait_until(lambda: live_page.evaluate("watched.landmarks") >= 6)


def test_wishes_are_remembered_and_told_to_the_next_session(live_page: Page) -> None:
    live_page.locator("#smoothing").fill("0.3")
    live_page.get_by_label("Mirror").uncheck()
    live_page.reload()
    live_page.click("#start")
    wait_until(lambda: in_force(live_page, "smoothing") == 0.3)
    expect(live_page.get_by_label("Mirror")).not_to_be_checked()


def test_a_slow_machine_sends_one_frame_after_the_other(open_page) -> None:
    """Encoding takes as long here as on a machine that is much too slow for 25 frames a second."""
    page = open_page(
        """
        const real = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (...picture) {
            setTimeout(() => real.apply(this, picture), 150);
        };
        """
    )
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    wait_for_answers(page, 10)
    page.evaluate("watched.mostInFlight = 0")
    before = page.evaluate("watched.framesSent")
    wait_for_camera_pictures(page, 2 * CAMERA_FPS)
    assert page.evaluate("watched.mostInFlight") == 1
    assert page.evaluate("watched.framesSent") - before <= CAMERA_FPS


def test_frames_are_sent_in_their_order_whichever_is_encoded_first(open_page) -> None:
    page = open_page(
        """
        const real = Worker.prototype.postMessage;
        let turn = 0;
        Worker.prototype.postMessage = function (...picture) {
            setTimeout(() => real.apply(this, picture), turn++ % 2 ? 0 : 60);
        };
        """
    )
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    wait_for_answers(page, 20)
    assert "frame_id_not_increasing" not in page.evaluate("watched.errors")


def test_the_theme_is_changed_and_remembered(page: Page) -> None:
    def background() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    page.get_by_role("button", name="Dark").click()
    dark = background()
    assert dark != light
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert background() == dark
    page.get_by_role("button", name="Light").click()
    assert background() == light


def test_a_new_theme_draws_the_timeline_anew(live_page: Page) -> None:
    live_page.wait_for_selector("#timeline-chart canvas")
    live_page.get_by_role("button", name="Pause").click()
    before = pixels_of(live_page, "#timeline-chart canvas")
    live_page.click("#theme")
    wait_until(lambda: pixels_of(live_page, "#timeline-chart canvas") != before)
