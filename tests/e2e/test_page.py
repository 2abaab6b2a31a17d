"""The page as a person meets it, on the running platform."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.live_page import LABELS, tab_to, wait_for_answers, wait_for_camera_pictures
from tests.waiting import wait_until


def test_the_start_page_says_what_is_sent_and_asks_for_no_camera(page: Page) -> None:
    notice = page.locator("#welcome")
    expect(notice).to_contain_text("JPEG")
    expect(notice).to_contain_text("Nothing is stored")
    expect(notice).to_contain_text("An expression is not a feeling")
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
    assert page.evaluate("[watched.cameraRequests, watched.sockets.length]") == [0, 0]


def test_an_address_that_there_is_not_shows_the_first_view(page: Page) -> None:
    page.goto(f"{page.url.partition('#')[0]}#/constructor")
    page.reload()
    expect(page.locator("#welcome-title")).to_be_visible()
    page.evaluate("location.hash = '#/privacy'")
    expect(page.locator("#view-privacy h1")).to_be_visible()


def test_after_start_a_face_has_seven_bars_that_sum_to_a_hundred(live_page: Page) -> None:
    face = live_page.locator(".face").first
    bars = face.evaluate("face => [...face.querySelectorAll('.bar')].map(bar => [bar.dataset.label, bar.ariaValueNow])")
    assert [label for label, _ in bars] == LABELS
    assert abs(sum(int(percent) for _, percent in bars) - 100) <= 2
    expect(face.get_by_role("meter")).to_have_count(7)
    expect(face.locator(".face-name")).to_have_text(re.compile(r"^face \d+$"))
    expect(face.locator(".face-top")).to_have_text(re.compile("|".join(LABELS)))
    assert live_page.evaluate("watched.cameraRequests") == 1


def test_the_astronaut_is_one_face_and_keeps_its_id(live_page: Page) -> None:
    face = live_page.locator(".face:not(.absent)")
    expect(face).to_have_count(1)
    before = face.get_attribute("data-face-id")
    wait_for_camera_pictures(live_page, 50)
    expect(live_page.locator(".face:not(.absent)")).to_have_attribute("data-face-id", before or "")


def test_boxes_are_drawn_on_the_very_frame_they_belong_to(open_page) -> None:
    """Writes down which frame each kept picture is of, which picture is drawn, and with which box."""
    page = open_page(
        """
        window.taken = 0;
        window.boxes = {};
        window.drawn = [];
        const realBitmap = window.createImageBitmap;
        window.createImageBitmap = (picture) => {
            picture.frameId = ++taken;  // frames have the ids 1, 2, 3 … in the order in which they are taken
            return realBitmap(picture);
        };
        const { drawImage, roundRect } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.drawImage = function (picture, ...place) {
            if (this.canvas.id === "picture") drawn.push({ frameId: picture.frameId, width: this.canvas.width });
            return drawImage.call(this, picture, ...place);
        };
        CanvasRenderingContext2D.prototype.roundRect = function (...box) {
            const newest = drawn.at(-1);
            if (this.canvas.id === "picture" && newest) newest.box ??= box;
            return roundRect.apply(this, box);
        };
        window.WebSocket = class extends WebSocket {
            constructor(...address) {
                super(...address);
                this.addEventListener("message", ({ data }) => {
                    const { type, frame_id: id, faces, width } = JSON.parse(data);
                    if (type === "result" && faces.length) boxes[id] = { ...faces[0].box, of: width };
                });
            }
        };
        """
    )
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    with_box = "drawn.filter(({ frameId, box }) => frameId && box)"
    wait_until(lambda: page.evaluate(f"{with_box}.length") >= 10)
    boxes, drawn = page.evaluate(f"[boxes, {with_box}]")
    for picture in drawn:
        box = boxes[str(picture["frameId"])]
        scale = picture["width"] / box["of"]
        x, y, width, height = picture["box"][:4]
        mirrored = box["of"] - box["x"] - box["width"]
        expected = [mirrored * scale, box["y"] * scale, box["width"] * scale, box["height"] * scale]
        assert [x, y, width, height] == pytest.approx(expected, abs=1.5)


def test_a_screen_reader_hears_of_a_face_once_a_second_at_most(live_page: Page) -> None:
    """What was said is taken away each time, so that the same words are new again."""
    times = live_page.evaluate(
        """() => new Promise((resolve) => {
            // The page's clock stands still while it draws, so that both go by the same moment.
            const times = [], real = window.requestAnimationFrame, clock = performance.now.bind(performance);
            let began = 0;
            window.requestAnimationFrame = (draw) => real((at) => {
                began = clock();
                performance.now = () => began;
                draw(at);
                performance.now = clock;
            });
            const announcer = document.getElementById("announcer");
            const observer = new MutationObserver(() => {
                if (announcer.textContent === "") return;
                if (began) times.push(began);
                announcer.textContent = "";
                if (times.length === 4) resolve(times);
            });
            announcer.textContent = "";
            observer.observe(announcer, { childList: true, characterData: true });
        })"""
    )
    assert all(later - earlier >= 1000 for earlier, later in itertools.pairwise(times))


def test_the_picture_with_its_boxes_is_drawn(live_page: Page) -> None:
    colours = live_page.evaluate(
        """() => {
            const canvas = document.getElementById("picture");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const seen = new Set();
            for (let at = 0; at < data.length; at += 4) {
                seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
            }
            return seen.size;
        }"""
    )
    assert colours > 1_000


def test_the_read_outs_count(live_page: Page) -> None:
    expect(live_page.locator("#fps")).to_have_text(re.compile(r"^[1-9]\d*\.\d$"))
    expect(live_page.locator("#latency")).to_have_text(re.compile(r"^[\d.]+ / [\d.]+ m?s$"))
    expect(live_page.locator("#dropped")).to_have_text(re.compile(r"^\d+$"))
    expect(live_page.locator("#members")).to_have_text(re.compile(r"^(\d+) of \d+$"))
    expect(live_page.locator("#connection")).to_have_text("Live")


def test_the_top_label_is_announced_in_words(live_page: Page) -> None:
    announcer = live_page.locator("[aria-live=polite]#announcer")
    expect(announcer).to_have_text(re.compile(rf"^face \d+: (perhaps )?({'|'.join(LABELS)})"))


def test_stop_releases_the_camera_and_closes_the_socket(live_page: Page) -> None:
    live_page.click("#stop")
    expect(live_page.locator("body")).to_have_attribute("data-state", "stopped")
    expect(live_page.get_by_text("The camera is off and the connection is closed")).to_be_visible()
    wait_until(lambda: live_page.evaluate("watched.sockets.every(socket => socket.readyState === WebSocket.CLOSED)"))
    assert live_page.evaluate("watched.tracks.map(track => track.readyState)") == ["ended"]
    assert live_page.locator(".face").count() == 0


def test_it_can_be_started_again_after_stop(live_page: Page) -> None:
    live_page.click("#stop")
    live_page.get_by_role("button", name="Start again").click()
    live_page.wait_for_selector("body[data-state=live] .face")
    assert live_page.evaluate("watched.cameraRequests") == 2


def test_it_starts_and_stops_by_keyboard_alone(page: Page) -> None:
    tab_to(page, "#start")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-state=live]")
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-state", "stopped")
    expect(page.locator("#start")).to_be_focused()


def test_at_most_two_frames_are_in_flight(live_page: Page) -> None:
    wait_until(lambda: live_page.evaluate("watched.framesSent") > 10)
    assert 1 <= live_page.evaluate("watched.mostInFlight") <= 2


def test_a_hidden_tab_sends_nothing(live_page: Page) -> None:
    """Headless Chromium hides no tab by itself, so the page is told that it is hidden."""
    hide = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })"
    live_page.evaluate(f"{hide}; document.dispatchEvent(new Event('visibilitychange'))")
    before = live_page.evaluate("watched.framesSent")
    wait_for_camera_pictures(live_page, 25)
    assert live_page.evaluate("watched.framesSent") == before
    live_page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_answers(live_page)


def test_no_request_leaves_the_origin_and_nothing_is_complained_of(open_page, platform) -> None:
    addresses: list[str] = []
    complaints: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: addresses.append(request.url))
        page.on("websocket", lambda socket: addresses.append(socket.url))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))

    page = open_page(watch_from=watch)
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    page.click("#stop")
    page.wait_for_selector("body[data-state=stopped]")
    origins = (platform.url + "/", platform.url.replace("http", "ws", 1) + "/", "blob:", "data:")
    assert any(address.startswith("ws") for address in addresses)
    assert [address for address in addresses if not address.startswith(origins)] == []
    assert complaints + page.evaluate("watched.violations") == []


def test_two_tabs_are_served_at_once(live_page: Page, open_page) -> None:
    other = open_page()
    other.click("#start")
    other.wait_for_selector("body[data-state=live] .face")
    wait_for_answers(live_page)
    wait_for_answers(other)
    expect(live_page.locator("body")).to_have_attribute("data-state", "live")
