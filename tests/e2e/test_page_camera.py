"""Cameras that the browser itself refuses or does not have; nothing of it is imitated."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import FLAGS, find_browser
from tests.platform_process import Platform

NO_DEVICE = [flag for flag in FLAGS if flag != "--use-fake-device-for-media-stream"]
NO_CONSENT = [*(flag for flag in FLAGS if flag != "--use-fake-ui-for-media-stream"), "--deny-permission-prompts"]


@pytest.mark.parametrize(
    ("flags", "title"),
    [(NO_DEVICE, "No camera was found"), (NO_CONSENT, "The camera is blocked")],
    ids=["no camera", "refused"],
)
def test_the_browsers_own_refusal_is_told_in_words(platform: Platform, flags: list[str], title: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        page = browser.new_page()
        page.goto(platform.url)
        page.click("#start")
        expect(page.get_by_role("alert")).to_contain_text(title)
        expect(page.get_by_role("button", name="Try again")).to_be_focused()
        browser.close()
