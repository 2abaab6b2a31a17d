"""What tests of the live view do with a page: wait for frames, read what was drawn and said."""

import json

from playwright.sync_api import Page

from tests.waiting import wait_until

LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]

CAMERA_FPS = 25


def start(page: Page) -> Page:
    page.click("#start")
    page.wait_for_selector("body[data-state=live]")
    return page


def wait_for_camera_pictures(page: Page, count: int) -> None:
    """Until the camera has shown so many more pictures: as long as it would have taken to send them."""
    page.evaluate(
        """(count) => new Promise((resolve) => {
            const video = document.getElementById("video");
            const next = () => (count-- > 0 ? video.requestVideoFrameCallback(next) : resolve());
            next();
        })""",
        count,
    )


def wait_for_answers(page: Page, count: int = 5) -> None:
    """Until so many more frames were answered with faces, or with none; those that were dropped do not count."""
    before = page.evaluate("watched.results")
    wait_until(lambda: page.evaluate("watched.results") >= before + count)


def tab_to(page: Page, selector: str, most: int = 40) -> None:
    """As one without a mouse gets there; fails when it is not among the next `most` things that can be reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} was not reached")


def pixels_of(page: Page, canvas: str) -> str:
    """What a canvas shows, to be compared."""
    return page.locator(canvas).evaluate("canvas => canvas.toDataURL()")


def receive(page: Page, message: dict[str, object]) -> None:
    """As if the server had sent it."""
    page.evaluate(
        "text => watched.sockets.at(-1).dispatchEvent(new MessageEvent('message', { data: text }))",
        json.dumps(message),
    )
