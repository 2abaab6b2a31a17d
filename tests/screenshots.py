"""`make screenshots`: the README's pictures, from the running page with a photograph of three faces for a camera."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests.browser import camera_flags, find_browser
from tests.conftest import FACE_API
from tests.e2e.clips import drift, write_mjpeg
from tests.platform_process import ROOT, Platform

SIZE = {"width": 1280, "height": 800}
SETTLE_MS = 25_000
DOCS = ROOT / "docs"


def main() -> None:
    three = np.asarray(cv2.imread(str(FACE_API / "sample1.jpg")), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        clip = write_mjpeg(Path(folder) / "clip.mjpeg", drift(three))
        with Platform(Path(folder) / "up.log") as platform, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=camera_flags(clip))
            page = browser.new_page(viewport=SIZE)
            page.goto(platform.url)
            take_live(page)
            browser.close()


def take_live(page: Page) -> None:
    page.click("#start")
    page.wait_for_selector(".face .bar")
    page.wait_for_timeout(SETTLE_MS)  # so that the timeline and the read-outs have something to tell
    page.screenshot(path=str(DOCS / "live.png"))
    page.locator(".face-name").last.click()
    page.click("#theme")
    page.wait_for_timeout(1000)
    page.locator(".timeline").evaluate("card => card.scrollIntoView({ block: 'center' })")
    parts = [page.locator(name).bounding_box() for name in (".timeline", "#votes")]
    left, right = (part for part in parts if part is not None)
    width = right["x"] + right["width"] - left["x"]
    clip = {"x": left["x"] - 12, "y": left["y"] - 12, "width": width + 24, "height": left["height"] + 24}
    page.screenshot(path=str(DOCS / "votes.png"), clip=clip)


if __name__ == "__main__":
    main()
