"""Videos: from drop to download, cancelled, listed, linked to, and what is said when one can't be read."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.clips import astronaut, pan_and_zoom, write_long_film
from tests.e2e.files_page import ENDED_MS, choose, drop, file_of, loaded, pixels_of, show_files, show_job
from tests.integration.job_client import JobClient
from tests.platform_process import Platform
from tests.video_clips import write_clip, zip_of
from tests.waiting import wait_until

pytestmark = pytest.mark.long

FPS = 15.0
SECONDS = 4.0

VIDEO_TIME = "document.querySelector('.player video').currentTime"
PLACE = "Number(document.querySelector('.video-chart').ariaValueNow)"
ASKS_TO_STAY = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
"""Whether whoever closes the page is asked first."""

NOT_A_VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of one face that moves; in a format that every Chromium plays."""
    return write_clip(tmp_path_factory.mktemp("film") / "film.webm", pan_and_zoom(astronaut()), FPS)


@pytest.fixture
def jobs(platform: Platform) -> Iterator[JobClient]:
    """Leaves no job behind."""
    client = JobClient(platform)
    yield client
    while found := client.ask("GET", "/v1/jobs").json()["jobs"]:
        for job in found:
            client.ask("DELETE", f"/v1/jobs/{job['id']}")


@pytest.fixture
def files_page(page: Page, jobs: JobClient) -> Page:
    return show_files(page)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send and start").click()


def row_of(page: Page, job_id: str):
    return page.locator(f".job[data-job-id='{job_id}']")


def sought(page: Page, time_s: float) -> bool:
    """Whether the video stands at this time, to half a moment, and shows it."""
    return page.evaluate(f"Math.abs({VIDEO_TIME} - {time_s}) < 0.1 && !document.querySelector('.player video').seeking")


def test_a_video_from_drop_to_download(files_page: Page, film: Path, jobs: JobClient) -> None:
    page = files_page
    drop(page, "#view-files h1", "film.webm", "video/webm", film.read_bytes())
    page.get_by_label("Moments a second").fill("10")
    page.get_by_label("Also make a video with boxes").check()
    page.get_by_label("Keep each model’s own vote").check()
    page.locator(".video-form").get_by_label("Label").fill("e2e")
    send(page)
    expect(page).to_have_url(re.compile(r"#/jobs/[0-9a-f]{32}$"))
    expect(page.get_by_role("heading", name="film.webm", level=1)).to_be_visible()
    loaded(page)
    expect(page.locator("#announcer")).to_have_text("film.webm: done")
    job_id = page.url.rsplit("/", 1)[1]

    # The person's own file plays, with boxes in step.
    video = page.locator(".player video")
    expect(video).to_have_attribute("data-source", "own")
    expect(page.locator(".player .stage")).to_have_attribute("data-boxes", "1")
    expect(page.locator(".player .face-top")).to_have_text("happy")
    canvas = page.locator(".player .stage canvas")
    before = pixels_of(canvas)
    page.evaluate("document.querySelector('.player video').play()")
    wait_until(lambda: page.evaluate(PLACE) > 0.5)
    page.evaluate("document.querySelector('.player video').pause()")
    assert pixels_of(canvas) != before, "the box moved along"

    # A click on the timeline goes there.
    chart = page.locator(".video-chart .u-over")
    room = chart.bounding_box()
    assert room is not None
    chart.click(position={"x": room["width"] * 0.75, "y": 40})
    wait_until(lambda: sought(page, SECONDS * 0.75))
    assert page.evaluate(PLACE) == pytest.approx(SECONDS * 0.75, abs=0.1)
    members = jobs.ask("GET", "/v1/models").json()["members"]
    expect(page.locator(".player .heat tbody tr")).to_have_count(len(members) + 1)
    expect(page.locator(".summary .card")).to_contain_text("4.0 s on screen")

    saved = {}
    for name in ("Rows as CSV", "Rows as NDJSON", "Summary as JSON", "Timeline as PNG", "Annotated video"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        saved[name] = download.value
    assert saved["Rows as CSV"].suggested_filename == "film.csv"
    rows = list(csv.DictReader(io.StringIO(Path(saved["Rows as CSV"].path()).read_text())))
    assert len(rows) == 40
    lines = Path(saved["Rows as NDJSON"].path()).read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines] == [int(row["frame"]) for row in rows]
    assert json.loads(Path(saved["Summary as JSON"].path()).read_text())["frames"] == 40
    assert Path(saved["Timeline as PNG"].path()).read_bytes().startswith(b"\x89PNG")
    assert Path(saved["Annotated video"].path()).read_bytes().startswith(b"\x1a\x45\xdf\xa3")
    assert jobs.view(job_id)["label"] == "e2e"


def test_the_upload_tells_how_far_it_is_and_can_be_stopped(files_page: Page, jobs: JobClient) -> None:
    network = files_page.context.new_cdp_session(files_page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    network.send("Network.emulateNetworkConditions", slow)
    choose(files_page, file_of("large.mp4", NOT_A_VIDEO + bytes(20_000_000), "video/mp4"))
    send(files_page)
    upload = files_page.locator(".upload")
    expect(upload).to_contain_text(re.compile(r"[1-9]\d? % · .+ MB of 20.0 MB"), timeout=30_000)
    assert 0 < upload.get_by_role("progressbar").evaluate("bar => bar.value") < 1
    assert files_page.evaluate(ASKS_TO_STAY)
    upload.get_by_role("button", name="Stop: large.mp4").click()
    expect(upload).to_have_count(0)
    expect(files_page.get_by_role("button", name="Choose pictures or videos")).to_be_focused()
    assert not files_page.evaluate(ASKS_TO_STAY)
    assert jobs.ask("GET", "/v1/jobs").json()["jobs"] == []


def test_a_lost_upload_is_tried_again_and_makes_one_job(files_page: Page, film: Path, jobs: JobClient) -> None:
    tries = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            route.fetch()
            return route.abort()
        return route.continue_()

    files_page.route("**/v1/jobs", lose_the_first_answer)
    choose(files_page, film)
    send(files_page)
    expect(files_page.get_by_role("alert")).to_contain_text("The server does not answer")
    files_page.get_by_role("button", name="Try again").click()
    expect(files_page).to_have_url(re.compile("#/jobs/"))
    assert len(set(tries)) == 1
    assert len(jobs.ask("GET", "/v1/jobs").json()["jobs"]) == 1


def test_after_sending_several_the_focus_is_where_more_are_chosen(files_page: Page, jobs: JobClient) -> None:
    choose(files_page, *(file_of(name, NOT_A_VIDEO, "video/mp4") for name in ("one.mp4", "two.mp4")))
    send(files_page)
    expect(files_page.get_by_role("button", name="Choose pictures or videos")).to_be_focused()
    expect(files_page.locator(".job")).to_have_count(2)


def test_a_wrong_number_in_the_closed_fold_is_shown(files_page: Page, film: Path) -> None:
    choose(files_page, film)
    more = files_page.locator(".video-form details.more")
    more.locator("summary").click()
    most = files_page.get_by_label("Most faces at once")
    most.fill("99")
    more.locator("summary").click()
    expect(most).to_be_hidden()
    send(files_page)
    expect(most).to_be_focused()
    expect(files_page.locator(".upload")).to_have_count(0)


def test_times_that_make_no_sense_are_told_before_anything_is_sent(files_page: Page, film: Path) -> None:
    choose(files_page, film)
    files_page.get_by_label("From").fill("soon")
    send(files_page)
    assert (
        files_page.get_by_label("From").evaluate("field => field.validationMessage").startswith("Seconds, or minutes")
    )
    files_page.get_by_label("From").fill("0:03")
    files_page.get_by_label("To", exact=True).fill("2")
    send(files_page)
    assert files_page.get_by_label("To", exact=True).evaluate("field => field.validationMessage").startswith("The end")
    expect(files_page.locator(".upload")).to_have_count(0)
    files_page.get_by_role("button", name="Not now").click()
    expect(files_page.locator(".video-form")).to_be_hidden()
    expect(files_page.get_by_role("button", name="Choose pictures or videos")).to_be_focused()


def test_a_job_tells_its_progress_and_is_cancelled(page: Page, platform: Platform, jobs: JobClient, tmp_path) -> None:
    long = write_long_film(tmp_path / "long.webm")
    job_id = jobs.submit(long, "long.webm", fps=60)
    show_job(page, platform, job_id)
    state = page.locator(".job-view > .job-state")
    expect(state).to_contain_text(
        re.compile(r"running.*[1-9]\d* of 1800 moments · about .+ left", re.DOTALL), timeout=ENDED_MS
    )
    assert 0 < state.get_by_role("progressbar").evaluate("bar => bar.value") < 1
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("It was cancelled")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert jobs.view(job_id)["state"] == "cancelled"


def test_an_answer_that_an_event_has_overtaken_does_not_bring_a_job_back(
    page: Page, platform: Platform, jobs: JobClient, tmp_path: Path
) -> None:
    job_id = jobs.submit(write_long_film(tmp_path / "long.webm"), "long.webm", fps=60)
    held = []
    page.route("**/cancel", lambda route: held.append((route, route.fetch())))
    show_job(page, platform, job_id)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("It was cancelled")
    wait_until(lambda: page.evaluate("true") and held)
    ((route, answer),) = held
    with page.expect_response("**/cancel"):
        route.fulfill(response=answer, json={**answer.json(), "state": "cancelling"})
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")  # until the page has read it
    expect(page.locator(".job-view")).to_have_attribute("data-state", "cancelled")


def test_the_list_follows_what_others_do(files_page: Page, film: Path, jobs: JobClient) -> None:
    expect(files_page.get_by_text("No video yet.")).to_be_visible()
    first = jobs.submit(film, "first.webm", label="one")
    expect(row_of(files_page, first)).to_have_attribute("data-state", "succeeded", timeout=ENDED_MS)
    second = jobs.submit(NOT_A_VIDEO, "second.mp4", label="two")
    expect(row_of(files_page, second)).to_have_attribute("data-state", "failed", timeout=ENDED_MS)
    names = files_page.locator(".job a").all_inner_texts()
    assert names == ["second.mp4", "first.webm"]
    jobs.ask("DELETE", f"/v1/jobs/{second}")
    expect(row_of(files_page, second)).to_have_count(0)


def test_the_list_is_filtered_by_state_and_label(files_page: Page, jobs: JobClient) -> None:
    shown, other = jobs.submit(NOT_A_VIDEO, label="shown"), jobs.submit(NOT_A_VIDEO, label="other")
    files_page.locator(".job-list").get_by_label("Label").fill("shown")
    expect(row_of(files_page, shown)).to_have_attribute("data-state", "failed", timeout=ENDED_MS)
    expect(row_of(files_page, other)).to_have_count(0)
    late = jobs.submit(NOT_A_VIDEO, label="other")
    jobs.wait(late)
    files_page.get_by_label("State").select_option("done")
    expect(files_page.get_by_text("No video has that state and label.")).to_be_visible()
    files_page.get_by_label("State").select_option("failed")
    expect(row_of(files_page, shown)).to_be_visible()
    expect(files_page.locator(".job")).to_have_count(1)


def test_a_filter_that_the_server_was_too_busy_for_is_tried_again(files_page: Page, jobs: JobClient) -> None:
    shown, other = jobs.submit(NOT_A_VIDEO, label="shown"), jobs.submit(NOT_A_VIDEO, label="other")
    # Ended, so that no event of theirs takes the other off the list before it is asked for again.
    for job in (shown, other):
        expect(row_of(files_page, job)).to_have_attribute("data-state", "failed", timeout=ENDED_MS)
    busy = {"type": "urn:thespis:problem:overload", "detail": "busy"}
    files_page.route("**/v1/jobs?label=*", lambda route: route.fulfill(status=503, json=busy))
    files_page.locator(".job-list").get_by_label("Label").fill("shown")
    expect(files_page.get_by_text("trying again")).to_be_visible()
    late = jobs.submit(NOT_A_VIDEO, label="shown")  # its events still come
    expect(row_of(files_page, late)).to_have_attribute("data-state", "failed", timeout=ENDED_MS)
    assert files_page.get_by_text("trying again").is_visible(), "an event hid that the list is of before"
    files_page.unroute("**/v1/jobs?label=*")
    expect(row_of(files_page, other)).to_have_count(0)
    expect(row_of(files_page, shown)).to_be_visible()
    expect(files_page.get_by_text("trying again")).to_have_count(0)


def test_a_list_that_events_have_overtaken_brings_nothing_back(page: Page, jobs: JobClient, tmp_path: Path) -> None:
    ended, deleted = jobs.submit(NOT_A_VIDEO), jobs.submit(NOT_A_VIDEO)
    cancelled = jobs.submit(write_long_film(tmp_path / "long.webm"), "long.webm", fps=60)
    for job_id in (ended, deleted):
        jobs.wait(job_id)
    held = []
    page.route(re.compile(r"/v1/jobs\??$"), lambda route: held.append((route, route.fetch())))
    show_files(page)
    wait_until(lambda: page.evaluate("true") and held)
    jobs.ask("DELETE", f"/v1/jobs/{deleted}")
    jobs.ask("POST", f"/v1/jobs/{cancelled}/cancel")
    expect(row_of(page, cancelled)).to_have_attribute("data-state", "cancelled", timeout=ENDED_MS)
    ((route, answer),) = held
    assert {job["id"] for job in answer.json()["jobs"]} == {ended, deleted, cancelled}
    route.fulfill(response=answer)
    expect(row_of(page, ended)).to_be_visible()
    expect(row_of(page, cancelled)).to_have_attribute("data-state", "cancelled")
    expect(row_of(page, deleted)).to_have_count(0)


def test_more_jobs_come_page_by_page(page: Page, jobs: JobClient) -> None:
    for number in range(52):
        jobs.submit(NOT_A_VIDEO, f"{number}.mp4")
    show_files(page)
    expect(page.locator(".job")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".job")).to_have_count(52)
    expect(page.locator(".job a").nth(50)).to_be_focused()
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    # As when somebody comes back to the tab: the events are opened again, and the list is asked for again.
    page.evaluate("() => { location.hash = '#/live' }")
    page.evaluate("() => { location.hash = '#/files' }")
    newest = jobs.submit(NOT_A_VIDEO, "newest.mp4")
    expect(row_of(page, newest)).to_be_visible()
    expect(page.locator(".job")).to_have_count(53)


def test_a_job_is_deleted_only_when_that_is_confirmed(files_page: Page, jobs: JobClient) -> None:
    job_id = jobs.submit(NOT_A_VIDEO, "mine.mp4")
    delete = files_page.get_by_role("button", name="Delete: mine.mp4")
    delete.click()
    dialog = files_page.get_by_role("dialog", name="Delete it for good?")
    expect(dialog).to_contain_text("“mine.mp4”")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    files_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert jobs.ask("GET", f"/v1/jobs/{job_id}").status_code == 200
    delete.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row_of(files_page, job_id)).to_have_count(0)
    assert jobs.ask("GET", f"/v1/jobs/{job_id}").status_code == 404


def test_a_link_opens_a_job_with_its_annotated_video(
    page: Page, platform: Platform, film: Path, jobs: JobClient
) -> None:
    job_id = jobs.submit(film, "film.webm", annotated=True, start_s=1.0, fps=10)
    jobs.wait(job_id)
    show_job(page, platform, job_id)
    loaded(page)
    expect(page.locator(".player video")).to_have_attribute("data-source", "annotated")
    expect(page.get_by_text("Boxes and bars are drawn into this video.")).to_be_visible()
    wait_until(lambda: page.evaluate("document.querySelector('.player video').readyState") >= 2)
    chart = page.get_by_role("slider", name="Place in the video")
    chart.focus()
    chart.press("PageUp")
    assert page.evaluate(PLACE) == SECONDS, "no further than the end"
    chart.press("Home")
    chart.press("ArrowRight")
    assert page.evaluate(PLACE) == pytest.approx(1.1, abs=0.01)
    wait_until(lambda: sought(page, 0.1))  # the annotated video begins where the job began
    page.eval_on_selector(".player video", "video => video.dispatchEvent(new Event('error'))")  # as of an old ticket
    wait_until(lambda: sought(page, 0.1))
    expect(page.locator(".player .problem-note")).to_have_count(0)


@pytest.mark.parametrize("clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error('no')) }"])
def test_a_link_that_cannot_be_copied_is_shown_to_be_copied(open_page, platform, jobs: JobClient, clipboard) -> None:
    job_id = jobs.submit(NOT_A_VIDEO, "broken.mp4")
    page = open_page(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    show_job(page, platform, job_id)
    page.get_by_role("button", name="Copy the link").click()
    link = page.get_by_label("The link, to be copied from here")
    expect(link).to_have_value(page.url)
    expect(link).to_be_focused()
    assert link.evaluate("({ value, selectionStart, selectionEnd }) => selectionEnd - selectionStart === value.length")
    expect(page.get_by_role("button", name="Copied")).to_have_count(0)


def test_a_link_is_copied(open_page, platform, jobs: JobClient) -> None:
    job_id = jobs.submit(NOT_A_VIDEO, "broken.mp4")
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    show_job(page, platform, job_id)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(page.locator("#announcer")).to_have_text("Copied")


def test_a_link_without_annotated_video_asks_for_the_file(page: Page, platform: Platform, film: Path, jobs) -> None:
    job_id = jobs.submit(film, "film.webm")
    jobs.wait(job_id)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    show_job(page, platform, job_id)
    loaded(page)
    expect(page.locator(".player")).to_contain_text("See it beside the numbers")
    expect(page.locator(".player .face-top")).to_have_text("happy")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose the video").press("Enter")
    chooser.value.set_files(film)
    expect(page.locator(".player video")).to_have_attribute("data-source", "own")
    expect(page.get_by_role("button", name="Full screen")).to_be_focused()
    expect(page.locator(".player .stage")).to_have_attribute("data-boxes", "1")
    page.get_by_role("slider", name="Place in the video").press("End")
    wait_until(lambda: sought(page, SECONDS))
    assert "POST" not in sent, "the file stays where it is"


def test_a_server_that_is_busy_has_not_lost_the_annotated_video(
    page: Page, platform: Platform, film: Path, jobs: JobClient
) -> None:
    job_id = jobs.submit(film, "film.webm", annotated=True)
    jobs.wait(job_id)
    busy = {"type": "urn:thespis:problem:overload", "detail": "busy"}
    page.route("**/annotated", lambda route: route.fulfill(status=503, json=busy), times=1)
    show_job(page, platform, job_id)
    expect(page.get_by_role("alert")).to_contain_text("The server is busy")
    page.get_by_role("button", name="Try again").click()
    loaded(page)
    expect(page.locator(".player video")).to_have_attribute("data-source", "annotated")


def test_a_file_that_is_not_the_one_or_cannot_be_played_is_told(
    page: Page, platform: Platform, film: Path, jobs: JobClient, tmp_path: Path
) -> None:
    job_id = jobs.submit(film, "film.webm")
    jobs.wait(job_id)
    show_job(page, platform, job_id)
    loaded(page)
    short = write_clip(tmp_path / "short.webm", [cv2.resize(astronaut(), (640, 480))] * 15, FPS)
    drop(page, ".player .stage", "short.webm", "video/webm", short.read_bytes())
    expect(page.get_by_text("Is this the right file? It is 0:01.0 long, the one that was sent 0:04.0.")).to_be_visible()
    drop(page, ".player .stage", "film.mkv", "", b"no video")
    expect(page.get_by_role("alert")).to_contain_text("Your browser can’t play this file")
    expect(page.get_by_role("button", name="Choose the video")).to_be_visible()


def test_rows_come_page_by_page(page: Page, platform: Platform, film: Path, jobs: JobClient) -> None:
    job_id = jobs.submit(film, "film.webm", fps=10)
    jobs.wait(job_id)
    cursors = []

    def seven_at_a_time(route: Route) -> None:
        cursors.append(re.search(r"cursor=(\d+)", route.request.url)[1])
        route.continue_(url=re.sub(r"limit=\d+", "limit=7", route.request.url))

    page.route("**/results?cursor=*", seven_at_a_time)
    show_job(page, platform, job_id)
    expect(loaded(page)).to_have_attribute("data-loaded", "40")
    assert len(set(cursors)) == 6
    page.get_by_role("slider", name="Place in the video").press("End")
    expect(page.locator(".player .face-top")).to_have_text("happy")


def test_a_hostile_name_is_only_words(open_page, platform: Platform, film: Path, jobs: JobClient) -> None:
    name = "<img src=x onerror=document.title='taken'>.webm"
    label = "<script>document.title='taken'</script>"
    job_id = jobs.submit(film, name, label=label)
    page = open_page()
    show_files(page)
    expect(row_of(page, job_id).get_by_role("link")).to_have_text(name)
    expect(row_of(page, job_id)).to_contain_text(label)
    row_of(page, job_id).get_by_role("link").click()
    loaded(page)
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.locator(".facts-list")).to_contain_text(label)
    choose_name = file_of(name.replace(".webm", ".jpg"), b"no picture", "image/jpeg")
    page.get_by_role("link", name="All pictures and videos").click()
    choose(page, choose_name)
    expect(page.get_by_role("alert")).to_contain_text("This picture can’t be read")
    page.get_by_role("button", name=f"Delete: {name}").click()
    expect(page.get_by_role("dialog")).to_contain_text(name)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "Pictures and videos · Thespis"
    assert page.evaluate("watched.violations") == []


def test_a_zip_of_pictures_is_moved_through_by_the_timeline(page: Page, platform: Platform, jobs, frames) -> None:
    job_id = jobs.submit(zip_of((f"{number}.jpg", jpeg) for number, jpeg in enumerate(frames[:3])), "faces.zip", fps=1)
    jobs.wait(job_id)
    show_job(page, platform, job_id)
    loaded(page)
    expect(page.locator(".player")).to_contain_text("A zip of pictures can’t be played")
    expect(page.locator(".facts-list")).to_contain_text("a zip of 3 pictures")
    page.get_by_role("slider", name="Place in the video").press("ArrowRight")
    assert page.evaluate(PLACE) == pytest.approx(1.0, abs=0.01)
    expect(page.locator(".player .face")).to_have_count(1)


def test_what_came_to_nothing_says_why(page: Page, platform: Platform, jobs: JobClient) -> None:
    job_id = jobs.submit(NOT_A_VIDEO, "broken.mp4")
    show_job(page, platform, job_id)
    expect(page.get_by_role("alert")).to_contain_text("This job failed", timeout=ENDED_MS)
    expect(page.get_by_role("alert")).to_contain_text("it can't be opened")
    show_job(page, platform, "0" * 32)
    expect(page.get_by_role("alert")).to_contain_text("There is no such video")
    page.get_by_role("link", name="All pictures and videos").click()
    expect(page.locator(".drop-zone")).to_be_visible()


def test_a_job_that_is_deleted_elsewhere_says_so(page: Page, platform: Platform, jobs: JobClient, tmp_path) -> None:
    job_id = jobs.submit(write_long_film(tmp_path / "long.webm"), fps=60)
    show_job(page, platform, job_id)
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    jobs.ask("DELETE", f"/v1/jobs/{job_id}")
    # Whoever deletes a job ends it first; the page may hear of the one or of the other.
    gone = re.compile("It was cancelled|There is no such video")
    expect(page.get_by_role("alert")).to_contain_text(gone, timeout=ENDED_MS)


@pytest.mark.parametrize(("status", "keeps_trying"), [(503, True), (429, True), (404, False)])
def test_only_a_refusal_ends_the_look_at_a_job(page: Page, platform: Platform, status: int, keeps_trying: bool) -> None:
    job_id, asked = "0" * 32, []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=status, json={"type": "urn:thespis:problem:any", "detail": "not now"})

    page.route(f"**/v1/jobs/{job_id}*", refuse)
    page.route(f"**/v1/jobs/{job_id}/events*", refuse)
    show_job(page, platform, job_id)
    expect(page.get_by_role("alert")).to_contain_text("not now")
    assert (page.locator(".job-view .hint", has_text="trying again").count() == 1) == keeps_trying
    page.unroute(f"**/v1/jobs/{job_id}*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no such video")
    expect(page.get_by_text("trying again")).to_have_count(0)
    assert any(url.endswith("/events") for url in asked) == keeps_trying
