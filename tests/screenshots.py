"""`make screenshots`: the README's picture, taken from the running page with a clip for a camera."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import camera_flags, find_browser
from tests.e2e.clips import astronaut, pan_and_zoom, write_mjpeg
from tests.platform_process import ROOT, Platform

SIZE = {"width": 1280, "height": 800}
SETTLE_MS = 3000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clip = write_mjpeg(Path(folder) / "clip.mjpeg", pan_and_zoom(astronaut()))
        with Platform(Path(folder) / "up.log") as platform, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=camera_flags(clip))
            page = browser.new_page(viewport=SIZE)
            page.goto(platform.url)
            page.click("#start")
            page.wait_for_selector(".face .bar")
            page.wait_for_timeout(SETTLE_MS)  # so that the read-outs have something to tell
            page.screenshot(path=str(ROOT / "docs" / "live.png"))
            browser.close()


if __name__ == "__main__":
    main()
