"""`python -m tests.page_speed`: first paint and drawing of the live view in a real browser, printed as JSON.

Here and not in bench/, since only the tests' environment has a browser.
"""

import json
from statistics import median

import numpy as np
from playwright.sync_api import Browser, Page, ViewportSize

from tests.three_faces import three_faces

VISITS = 9
DRAWING_S = 10
HIGH: ViewportSize = {"width": 1440, "height": 1200}

DRAWN = """(seconds) => new Promise((resolve) => {
    const gaps = [];
    let last = performance.now();
    const end = last + 1000 * seconds;
    const tick = (now) => {
        gaps.push(now - last);
        last = now;
        now < end ? requestAnimationFrame(tick) : resolve(gaps);
    };
    requestAnimationFrame(tick);
})"""


def main() -> None:
    with three_faces() as (browser, url):
        report = {"first_paint_ms": first_paint(browser, url), **drawing(browser.new_page(), url)}
    print(json.dumps(report))


def first_paint(browser: Browser, url: str) -> dict[str, float]:
    """Median and longest of visits with an empty cache, milliseconds to the first contentful paint."""
    found = []
    for _ in range(VISITS):
        page = browser.new_context().new_page()
        page.goto(url, wait_until="networkidle")
        found.append(
            page.evaluate("performance.getEntriesByName('first-contentful-paint').map((paint) => paint.startTime)[0]")
        )
        page.context.close()
    return {"median": round(median(found), 1), "longest": round(max(found), 1)}


def drawing(page: Page, url: str) -> dict[str, object]:
    """Frames a second that the page could draw, first with nothing going on, then live with three faces."""
    page.goto(url)
    idle = page.evaluate(DRAWN, DRAWING_S)
    page.click("#start")
    page.wait_for_selector(".face .bar")
    live = _live(page)
    page.set_viewport_size(HIGH)
    return {"idle": _rate(idle), "live": live, "live_with_votes": _live(page)}


def _live(page: Page) -> dict[str, object]:
    page.wait_for_timeout(2000)
    gaps_ms = page.evaluate(DRAWN, DRAWING_S)
    return {**_rate(gaps_ms), "read_outs": page.locator(".readouts").inner_text().splitlines()}


def _rate(gaps_ms: list[float]) -> dict[str, float]:
    return {
        "fps": round(1000 * len(gaps_ms) / sum(gaps_ms), 1),
        "gap_ms_p95": round(float(np.percentile(gaps_ms, 95)), 1),
        "gaps_over_34_ms": sum(gap > 34 for gap in gaps_ms),
    }


if __name__ == "__main__":
    main()
