"""What tests of pictures and videos do with a page: give it files, and ask the platform how it stands."""

import base64
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.platform_process import Platform

PICKER = ".drop-zone input"
LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
ENDED_MS = 60_000
"""For a job of a few seconds of video, on a machine that has much else to do."""

DROP = """({ target, name, type, data }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, { type }));
    const options = { bubbles: true, cancelable: true, dataTransfer };
    const place = document.querySelector(target);
    for (const kind of ["dragenter", "dragover", "drop"]) place.dispatchEvent(new DragEvent(kind, options));
}"""


def show_files(page: Page) -> Page:
    page.get_by_role("link", name="Pictures and videos").first.click()
    expect(page.locator(".drop-zone")).to_be_visible()
    return page


def show_job(page: Page, platform: Platform, job_id: str) -> None:
    page.goto(f"{platform.url}/#/jobs/{job_id}")


def drop(page: Page, target: str, name: str, kind: str, data: bytes) -> None:
    """As if it was dragged there from a folder."""
    page.evaluate(DROP, {"target": target, "name": name, "type": kind, "data": base64.b64encode(data).decode()})


def choose(page: Page, *files: Path | dict[str, object]) -> None:
    page.set_input_files(PICKER, list(files))


def file_of(name: str, data: bytes, kind: str = "") -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": data}


def card_of(page: Page, name: str) -> Locator:
    return page.locator(".picture").filter(has=page.get_by_role("heading", name=name, exact=True))


def read_picture(page: Page, name: str) -> Locator:
    """The card of a picture, once its faces are known."""
    card = card_of(page, name)
    expect(card).to_have_attribute("data-faces", "1")
    return card


def loaded(page: Page) -> Locator:
    """A job's results, once all of them are there."""
    results = page.locator(".results[data-loaded]")
    expect(results).to_be_visible(timeout=ENDED_MS)
    return results


def pixels_of(canvas: Locator) -> str:
    """What a canvas shows, to be compared."""
    return str(canvas.evaluate("canvas => canvas.toDataURL()"))
