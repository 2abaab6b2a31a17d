"""The page while its server is stopped, started again, or loses a member."""

import re
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import WATCH, browser_that_sees
from tests.platform_process import THESPIS_UP, Platform
from tests.waiting import wait_until


@pytest.fixture
def own_platform(tmp_path) -> Iterator[Platform]:
    with Platform(tmp_path / "up.log") as platform:
        yield platform


@pytest.fixture
def own_page(own_platform: Platform, astronaut_clip) -> Iterator[Page]:
    with browser_that_sees(astronaut_clip) as browser:
        page = browser.new_page()
        page.add_init_script(path=WATCH)
        page.goto(own_platform.url)
        page.click("#start")
        page.wait_for_selector("body[data-state=live] .face")
        yield page


def test_a_server_restarted_under_the_page_is_found_again(own_platform: Platform, own_page: Page, tmp_path) -> None:
    own_platform.stop()
    expect(own_page.locator("#connection")).to_have_text("Reconnecting")
    expect(own_page.locator("#stage-note")).to_contain_text("Trying again")
    port = str(urlsplit(own_platform.url).port)
    with Platform(tmp_path / "again.log", [*THESPIS_UP[:-1], port]):
        own_page.wait_for_selector("body[data-state=live] .face:not(.absent)", timeout=40_000)
        notes = [note for state, note in own_page.evaluate("watched.states") if state == "reconnecting"]
        assert any("restarting" in note or "does not answer" in note or "lost" in note for note in notes)
        assert own_page.evaluate("watched.updates.length") >= 2, "the new session was told the wishes again"


def test_a_member_that_does_not_answer_is_struck_out(own_platform: Platform, own_page: Page) -> None:
    silent = own_platform.member("baseline")
    silent.send_signal(signal.SIGSTOP)
    row = own_page.locator("#votes-table tbody tr[data-member=baseline]")
    expect(row).to_have_class(re.compile("missing"), timeout=20_000)
    expect(row).to_contain_text("no answer")
    assert row.locator("td").first.evaluate("cell => getComputedStyle(cell).textDecorationLine") == "line-through"
    expect(own_page.locator("#members-detail")).to_have_text("no answer from baseline")
    silent.send_signal(signal.SIGCONT)
    expect(row).not_to_have_class(re.compile("missing"), timeout=40_000)
    wait_until(lambda: row.locator("td").first.inner_text().isdigit())
