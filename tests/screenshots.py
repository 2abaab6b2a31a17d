"""`make screenshots`: the README's pictures, from the running page with a photograph of three faces for a camera."""

from playwright.sync_api import Page

from tests.platform_process import ROOT
from tests.three_faces import three_faces

SIZE = {"width": 1280, "height": 800}
SETTLE_MS = 25_000
DOCS = ROOT / "docs"


def main() -> None:
    with three_faces() as (browser, url):
        page = browser.new_page(viewport=SIZE)
        page.goto(url)
        take_live(page)


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
