"""The numbers of the live view: the vote, the timeline, read-outs, recordings, snapshots and explanations."""

import csv
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.live_page import LABELS, pixels_of, receive, wait_for_answers
from tests.waiting import wait_until

pytestmark = pytest.mark.long

CHART = "#timeline-chart canvas"


@pytest.fixture
def drawn_page(live_page: Page) -> Page:
    """A live page whose timeline has begun."""
    live_page.wait_for_selector(CHART)
    wait_for_answers(live_page, 10)
    return live_page


def test_the_vote_is_opened_up_member_by_member(live_page: Page) -> None:
    live_page.locator("#votes-agreement").scroll_into_view_if_needed()
    members = [member["name"] for member in live_page.evaluate("watched.last['session.created'].members")]
    expect(live_page.locator("#votes-table thead th")).to_have_text(LABELS)
    expect(live_page.locator("#votes-table tbody tr")).to_have_count(len(members) + 1)
    expect(live_page.locator("#votes-agreement")).to_have_text(re.compile(rf"\d of {len(members)} models say \w+\."))
    for member in [*members, ""]:
        row = live_page.locator(f"#votes-table tbody tr[data-member='{member}'] td")
        expect(row.first).to_have_text(re.compile(r"^\d+$"))
        assert abs(sum(int(text) for text in row.all_inner_texts()) - 100) <= 2


def test_no_numbers_of_one_face_stand_under_the_name_of_another(page: Page) -> None:
    page.evaluate(
        """async () => {
            document.body.dataset.state = "live";
            const { Votes } = await import("/web/live/votes.js");
            const vote = { happy: 0.7, sad: 0.3 };
            const face = { face_id: 1, top: "happy", probabilities: vote, votes: { one: vote } };
            const result = { faces: [face], members: { used: ["one"], missing: [] } };
            const votes = new Votes(() => {});
            votes.start(["one"], ["happy", "sad"]);
            window.show = (chosen, faces, at) => votes.update(chosen, { ...result, faces }, at);
            window.one = [face];
            show(1, one, 1000);
        }"""
    )
    cells = page.locator("#votes-table tbody td")
    expect(cells).to_have_text(["70", "30"] * 2)
    page.evaluate("show(1, [], 2000)")
    expect(cells).to_have_text(["70", "30"] * 2)
    page.evaluate("show(2, one, 3000)")
    expect(page.locator("#votes-face")).to_have_text("face 2")
    expect(cells).to_have_text(["–"] * 4)
    expect(page.locator("#votes-agreement")).to_be_empty()


WISH_FOR_VOTES = "watched.last['session.updated'].preferences.votes"


def test_the_votes_of_a_moment_ago_stand_until_the_next_ones_come(page: Page) -> None:
    """All models are asked for some of the results only; neither their table nor the read-outs flicker between."""
    page.evaluate(
        """async () => {
            document.body.dataset.state = "live";
            const { Votes } = await import("/web/live/votes.js");
            const { Readouts } = await import("/web/live/readouts.js");
            const vote = { happy: 0.7, sad: 0.3 };
            const face = { face_id: 1, top: "happy", probabilities: vote };
            const few = { faces: [face], members: { used: ["one"], missing: [] }, timing_ms: {} };
            const asked = { ...face, votes: { one: vote, two: vote } };
            const all = { ...few, faces: [asked], members: { used: ["one", "two"], missing: [] } };
            const votes = new Votes(() => {}), readouts = new Readouts();
            votes.start(["one", "two"], ["happy", "sad"]);
            window.show = (asked, at, chosen = 1) => {
                votes.update(chosen, asked === "all" ? all : few, at);
                readouts.answered(asked === "all" ? all : few, { takingMs: 1, totalMs: 2 }, at);
            };
        }"""
    )
    table, members = page.locator("#votes"), page.locator("#members")
    for asked, at, stands in (("all", 1000, True), ("few", 1500, True), ("all", 1900, True), ("few", 4500, False)):
        page.evaluate("([asked, at]) => show(asked, at)", [asked, at])
        assert ("absent" in table.get_attribute("class").split()) is not stands
        assert members.inner_text() == ("2 of 2" if stands else "1 of 1")
    page.evaluate("show('all', 5000)")
    page.evaluate("show('few', 5100, 2)")
    page.evaluate("show('few', 5200, 2)")
    expect(table).to_have_class(re.compile("absent"))  # those were of another face


def test_votes_are_asked_for_only_while_they_are_shown(live_page: Page) -> None:
    live_page.set_viewport_size({"width": 1280, "height": 500})
    live_page.evaluate("window.scrollTo(0, 0)")
    wait_until(lambda: not live_page.evaluate(WISH_FOR_VOTES))
    wait_for_answers(live_page)
    before = live_page.evaluate("watched.withVotes")
    wait_for_answers(live_page)
    assert live_page.evaluate("watched.withVotes") == before
    live_page.locator("#votes-agreement").scroll_into_view_if_needed()
    wait_until(lambda: live_page.evaluate("watched.withVotes") > before)
    live_page.get_by_label("Ask for votes").uncheck()
    wait_until(lambda: not live_page.evaluate(WISH_FOR_VOTES))
    expect(live_page.locator("#votes.absent")).to_be_visible()


def test_the_timeline_runs_until_it_is_paused(drawn_page: Page) -> None:
    before = pixels_of(drawn_page, CHART)
    wait_until(lambda: pixels_of(drawn_page, CHART) != before)
    drawn_page.get_by_role("button", name="Pause").click()
    paused = pixels_of(drawn_page, CHART)
    wait_for_answers(drawn_page, 10)
    assert pixels_of(drawn_page, CHART) == paused
    expect(drawn_page.locator("#timeline-state")).to_contain_text("Paused")
    drawn_page.get_by_role("button", name="Follow").click()
    wait_until(lambda: pixels_of(drawn_page, CHART) != paused)


def test_a_paused_timeline_keeps_its_face_and_its_minute_however_long_it_is_looked_at(page: Page) -> None:
    page.evaluate(
        """async () => {
            document.body.dataset.state = "live";
            const { Timeline } = await import("/web/live/timeline.js");
            const face = (id, share) => ({ id, shares: { happy: share, sad: 1 - share } });
            const timeline = (window.timeline = new Timeline());
            await timeline.start(["happy", "sad"]);
            window.goOn = (from, to, id, share) => {
                for (let at = from; at <= to; at += 0.5) timeline.add(at * 1000, [face(id, share)]);
                timeline.draw(to * 1000, id);
            };
            goOn(0, 60, 1, 0.9);
        }"""
    )
    drawn = pixels_of(page, CHART)
    page.get_by_role("button", name="Pause").click()
    page.evaluate("goOn(61, 200, 2, 0.4)")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom out").click()
    wait_until(lambda: pixels_of(page, CHART) == drawn)
    page.click("#theme")
    page.click("#theme")
    wait_until(lambda: pixels_of(page, CHART) == drawn)
    assert page.evaluate("[timeline.face, timeline.shownIds, timeline.ids]") == [1, [1], [2]]
    page.get_by_role("button", name="Follow").click()
    page.evaluate("goOn(200.5, 201, 2, 0.4)")
    wait_until(lambda: pixels_of(page, CHART) != drawn)


def test_the_timeline_is_zoomed_by_buttons_and_by_dragging(drawn_page: Page) -> None:
    drawn_page.get_by_role("button", name="Pause").click()
    whole = pixels_of(drawn_page, CHART)
    drawn_page.get_by_role("button", name="Zoom in").click()
    near = pixels_of(drawn_page, CHART)
    assert near != whole
    drawn_page.get_by_role("button", name="Zoom out").click()
    drawn_page.get_by_role("button", name="Follow").click()
    over = drawn_page.locator("#timeline-chart .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    drawn_page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 40)
    drawn_page.mouse.down()
    drawn_page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 60, steps=4)
    drawn_page.mouse.up()
    expect(drawn_page.get_by_role("button", name="Follow")).to_be_visible()
    expect(drawn_page.locator("#timeline-state")).to_contain_text("Paused")


def test_a_line_of_the_timeline_can_be_hidden(drawn_page: Page) -> None:
    drawn_page.get_by_role("button", name="Pause").click()
    before = pixels_of(drawn_page, CHART)
    line = drawn_page.locator(".line[data-label=happy]")
    line.click()
    expect(line).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: pixels_of(drawn_page, CHART) != before)


def test_the_latency_is_split_by_stage(live_page: Page) -> None:
    rows = live_page.locator("#stages tr")
    expect(rows).to_have_count(7)
    for text in ("taking the picture", "on the way", "finding faces", "asking the models", "all together"):
        expect(rows.filter(has_text=text).locator("td")).to_have_text([re.compile(r"[\d.]+ ms")] * 2)
    expect(live_page.locator("#fps-sent")).to_have_text(re.compile(r"of [1-9][\d.]* sent"))


DROPPED = {
    "superseded": "replaced by a newer one",
    "rate": "sent too fast",
    "overload": "server busy",
    "expired": "too late",
}


@pytest.mark.parametrize(("reason", "words"), DROPPED.items())
def test_dropped_frames_are_counted_by_their_reason(live_page: Page, reason: str, words: str) -> None:
    before = int(live_page.locator("#dropped").inner_text())
    receive(live_page, {"type": "dropped", "frame_id": 4_000_000_000, "reason": reason})
    expect(live_page.locator("#dropped-detail")).to_have_text(re.compile(rf"(^|, )[1-9]\d* {words}(,|$)"))
    wait_until(lambda: int(live_page.locator("#dropped").inner_text()) > before)


def test_the_recorded_numbers_are_downloaded_and_hold_no_picture(live_page: Page, tmp_path: Path) -> None:
    live_page.get_by_role("button", name="Record").click()
    wait_for_answers(live_page, 10)
    live_page.get_by_role("button", name="Stop recording").click()
    saved = {}
    for format_ in ("CSV", "JSON"):
        with live_page.expect_download() as download:
            live_page.locator("#live").get_by_role("button", name=f"Download {format_}").click()
        saved[format_] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[format_])
    with saved["CSV"].open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) >= 5
    for row in rows:
        assert abs(sum(float(row[label]) for label in LABELS) - 1) < 0.01
        assert row["top"] in LABELS
    ids = [int(row["frame_id"]) for row in rows]
    assert ids == sorted(ids)
    as_json = json.loads(saved["JSON"].read_text())["rows"]
    assert [row["frame_id"] for row in as_json] == ids
    assert "data:" not in saved["JSON"].read_text()


def test_what_was_recorded_can_still_be_had_after_stop(live_page: Page) -> None:
    live_page.get_by_role("button", name="Record").click()
    wait_for_answers(live_page, 5)
    live_page.get_by_role("button", name="Stop", exact=True).click()
    with live_page.expect_download() as download:
        live_page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


ASKS_TO_STAY = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def test_what_was_recorded_is_not_lost_without_being_asked(live_page: Page) -> None:
    assert not live_page.evaluate(ASKS_TO_STAY)
    record = live_page.locator("#record")
    record.click()
    wait_for_answers(live_page, 5)
    record.click()
    assert live_page.evaluate(ASKS_TO_STAY)
    rows = live_page.locator("#live .recorded p").inner_text()
    record.click()
    dialog = live_page.get_by_role("dialog", name="Discard what was recorded?")
    expect(dialog).to_contain_text("were not downloaded")
    dialog.get_by_role("button", name="Keep it").click()
    expect(record).to_have_attribute("aria-pressed", "false")
    expect(live_page.locator("#live .recorded p")).to_have_text(rows)
    record.click()
    dialog.get_by_role("button", name="Discard and record").click()
    expect(record).to_have_attribute("aria-pressed", "true")
    wait_for_answers(live_page, 5)
    record.click()
    with live_page.expect_download():
        live_page.locator("#live").get_by_role("button", name="Download JSON").click()
    assert not live_page.evaluate(ASKS_TO_STAY)
    record.click()
    expect(dialog).to_have_count(0)
    expect(record).to_have_attribute("aria-pressed", "true")


def test_a_recording_that_is_full_says_so(page: Page) -> None:
    page.evaluate(
        """async () => {
            document.body.dataset.state = "live";
            const { Recorder } = await import("/web/live/recorder.js");
            const button = document.getElementById("record");
            button.replaceWith(button.cloneNode(true)); // without the page's own recorder
            const recorder = new Recorder(3);
            const face = { face_id: 1, box: {}, probabilities: {}, smoothed: {} };
            window.answer = () => recorder.add({ frame_id: 1, faces: [face], members: { used: [] } }, 1);
        }"""
    )
    page.locator("#record").click()
    page.evaluate("answer(), answer()")
    expect(page.locator("#live .recorded p")).to_have_text("2 rows of numbers recorded, no pictures.")
    page.evaluate("answer(), answer()")
    expect(page.locator("#live .recorded p")).to_contain_text("3 rows of numbers recorded, no pictures. It stopped by")
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "false")


def test_nothing_is_recorded_unless_it_was_asked_for(live_page: Page) -> None:
    wait_for_answers(live_page, 5)
    expect(live_page.get_by_role("button", name="Download CSV")).to_have_count(0)


def test_the_snapshot_is_the_shown_picture(live_page: Page, tmp_path: Path) -> None:
    size = live_page.locator("#picture").evaluate("canvas => [canvas.height, canvas.width]")
    with live_page.expect_download() as download:
        live_page.get_by_role("button", name="Snapshot").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    image = cv2.imread(str(path))
    assert image is not None
    assert list(image.shape[:2]) == size
    assert image.std() > 20


def test_a_face_that_is_clicked_is_explained(live_page: Page, keep_screenshot) -> None:
    box = live_page.locator("#picture").bounding_box()
    assert box is not None
    dialog = live_page.get_by_role("dialog")

    def opened() -> bool:
        live_page.mouse.click(box["x"] + box["width"] * 0.58, box["y"] + box["height"] * 0.36)
        return dialog.is_visible()

    wait_until(opened)  # between answers that are late no face is drawn
    expect(dialog).to_contain_text(re.compile(r"The vote is “happy”"), timeout=30_000)
    expect(dialog.get_by_label("Show the map")).to_be_checked()
    assert live_page.locator("#explain .key-scale").evaluate("scale => scale.clientWidth") > 40, "which colour is what"
    keep_screenshot(live_page, "explain")
    with_map = pixels_of(live_page, "#explain-picture")
    dialog.get_by_label("Show the map").uncheck()
    assert pixels_of(live_page, "#explain-picture") != with_map
    live_page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_when_no_explanation_can_be_had_the_page_says_why(live_page: Page) -> None:
    problem = {"type": "urn:thespis:problem:overload", "title": "Busy", "status": 503, "detail": "too many pictures"}
    live_page.route("**/v1/images?*", lambda route: route.fulfill(status=503, json=problem))
    live_page.locator(".face").get_by_role("button", name=re.compile("Explain")).click()
    expect(live_page.get_by_role("dialog")).to_contain_text("No map: too many pictures")


def test_an_explanation_that_nobody_waits_for_any_more_is_given_up(live_page: Page) -> None:
    live_page.route("**/v1/images?*", lambda route: None)  # the server takes its time
    with live_page.expect_request("**/v1/images?*"):
        live_page.locator(".face").get_by_role("button", name=re.compile("Explain")).click()
    with live_page.expect_event("requestfailed"):
        live_page.keyboard.press("Escape")
    expect(live_page.get_by_role("dialog")).to_be_hidden()


def test_an_explanation_ends_with_the_camera(live_page: Page) -> None:
    live_page.route("**/v1/images?*", lambda route: None)
    with live_page.expect_request("**/v1/images?*"):
        live_page.locator(".face").get_by_role("button", name=re.compile("Explain")).click()
    with live_page.expect_event("requestfailed"):
        live_page.evaluate("watched.tracks[0].dispatchEvent(new Event('ended'))")
    expect(live_page.get_by_role("dialog")).to_be_hidden()
    expect(live_page.get_by_role("button", name="Try again")).to_be_focused()


def test_an_explanation_is_of_the_vote_that_was_chosen(live_page: Page) -> None:
    profile = live_page.evaluate("watched.last['session.created'].vote_profiles").pop()
    live_page.locator("#vote-profile").select_option(profile)
    live_page.locator("#min-face").fill("40")
    with live_page.expect_request("**/v1/images?*") as asked:
        live_page.locator(".face").get_by_role("button", name=re.compile("Explain")).click()
    query = parse_qs(urlsplit(asked.value.url).query)
    assert query["vote_profile"] == [profile]
    assert query["min_face_size"] == ["40"]
    expect(live_page.get_by_role("dialog")).to_contain_text("The vote is", timeout=30_000)


def test_a_server_that_is_away_is_told_in_our_words(live_page: Page) -> None:
    live_page.route("**/v1/images?*", lambda route: route.abort())
    live_page.locator(".face").get_by_role("button", name=re.compile("Explain")).click()
    expect(live_page.locator("#explain-words")).to_have_text("No map: the server did not answer.")


def test_a_face_that_is_explained_goes_with_the_view(live_page: Page) -> None:
    live_page.locator(".face").get_by_role("button", name="Explain").first.click()
    expect(live_page.locator("#explain")).to_be_visible()
    live_page.evaluate("location.hash = '#/files'")
    expect(live_page.locator("#explain")).to_be_hidden()
    # The dialog's own event comes with the next drawing.
    wait_until(lambda: live_page.evaluate("document.getElementById('explain-picture').width") == 0)
