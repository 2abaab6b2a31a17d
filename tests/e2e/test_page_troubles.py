"""What the page does when camera, connection or server fail: it says so in words, and what to do."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.live_page import receive, wait_for_answers
from tests.waiting import wait_until


def refuse_camera(error: str) -> str:
    return f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{error}') }}"


def refuse(route: Route, status: int, code: str) -> None:
    route.fulfill(status=status, json={"type": f"urn:thespis:problem:{code}", "detail": "no"})


def expect_problem(page: Page, title: str, advice: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-state", "error")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text(title)
    expect(problem).to_contain_text(advice)
    expect(page.get_by_role("button", name="Try again")).to_be_focused()


@pytest.mark.parametrize(
    ("error", "title", "advice"),
    [
        ("NotAllowedError", "The camera is blocked", "Allow it for this page"),
        ("NotFoundError", "No camera was found", "Plug a camera in"),
        ("NotReadableError", "The camera is in use", "Close it"),
        ("TypeError", "The camera did not start", "restart the browser"),
    ],
)
def test_a_camera_that_cannot_be_had_is_told_in_words(open_page, error: str, title: str, advice: str) -> None:
    page = open_page(refuse_camera(error))
    page.click("#start")
    expect_problem(page, title, advice)
    assert page.evaluate("watched.sockets.length") == 0


SECOND_CAMERA_ONLY = """
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.enumerateDevices = async () =>
        ["first", "second"].map((deviceId) => ({ kind: "videoinput", deviceId, label: `The ${deviceId} camera` }));
    window.askedFor = [];
    navigator.mediaDevices.getUserMedia = async ({ video }) => {
        askedFor.push(video.deviceId?.exact ?? "any");
        if (askedFor.at(-1) !== "second") throw new DOMException("", "NotReadableError");
        return real({ video: true });
    };
"""


def test_where_one_camera_is_taken_another_is_offered_and_kept_for_the_next_start(open_page) -> None:
    page = open_page(SECOND_CAMERA_ONLY)
    page.click("#start")
    expect_problem(page, "The camera is in use", "Or take another camera")
    page.locator("#problem-camera").select_option("The second camera")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("body[data-state=live] .face")
    page.click("#stop")
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    assert page.evaluate("askedFor") == ["any", "second", "second"]


def test_a_chosen_camera_that_has_gone_gives_way_to_another(open_page) -> None:
    page = open_page(
        SECOND_CAMERA_ONLY.replace('"NotReadableError"', 'askedFor.length === 1 ? "NotReadableError" : "NotFoundError"')
        + "const seconds = navigator.mediaDevices.getUserMedia;"
        + "navigator.mediaDevices.getUserMedia = (wishes) =>"
        + '    askedFor.includes("first") && !wishes.video.deviceId ? real({ video: true }) : seconds(wishes);'
    )
    page.click("#start")
    page.locator("#problem-camera").select_option("The first camera")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("body[data-state=live] .face")
    assert page.evaluate("askedFor") == ["any", "first"]


def test_the_tab_of_the_view_that_is_shown_ends_nothing(live_page: Page) -> None:
    for address in ("#/live", "", "#/live"):
        live_page.evaluate("address => { location.hash = address }", address)
    wait_for_answers(live_page, 5)
    expect(live_page.locator("body")).to_have_attribute("data-state", "live")
    assert live_page.evaluate("watched.sockets.length") == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("too_many_sessions", "The server is full"),
        ("too_many_sessions_of_this_key", "close another of its tabs"),
        ("too_many_sessions_of_this_address", "close another tab of it"),
    ],
)
def test_who_has_too_many_sessions_is_told_whose_they_are(live_page: Page, reason: str, words: str) -> None:
    live_page.evaluate(
        "reason => watched.sockets.at(-1).dispatchEvent(new CloseEvent('close', { code: 1013, reason }))", reason
    )
    wait_until(lambda: any(words in note for _, note in live_page.evaluate("watched.states")))


def test_an_insecure_address_is_told_in_words(open_page) -> None:
    page = open_page("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.click("#start")
    expect_problem(page, "This address cannot use a camera", "https://")


def test_an_unplugged_camera_is_told_and_the_socket_closed(live_page: Page) -> None:
    live_page.evaluate("watched.tracks[0].dispatchEvent(new Event('ended'))")
    expect_problem(live_page, "The camera went away", "Connect it again")
    wait_until(lambda: live_page.evaluate("watched.sockets.every(socket => socket.readyState === WebSocket.CLOSED)"))
    live_page.get_by_role("button", name="Try again").click()
    live_page.wait_for_selector("body[data-state=live] .face")


def test_stopping_while_the_camera_is_asked_for_lets_it_go(open_page) -> None:
    late = """
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wishes) => {
            await new Promise((resolve) => { window.allowCamera = resolve });
            return real(wishes);
        };
    """
    page = open_page(late)
    page.click("#start")
    expect(page.locator("#stage-note")).to_contain_text("permission")
    page.click("#stop")
    page.evaluate("allowCamera()")
    wait_until(lambda: page.evaluate("watched.tracks.length === 1 && watched.tracks[0].readyState === 'ended'"))
    expect(page.locator("body")).to_have_attribute("data-state", "stopped")
    assert page.evaluate("watched.sockets.length") == 0


def test_a_lost_connection_comes_back_by_itself_and_says_so(live_page: Page) -> None:
    live_page.evaluate("watched.sockets[0].close()")
    wait_until(lambda: live_page.evaluate("watched.sockets.length === 2 && document.body.dataset.state === 'live'"))
    notes = [note for state, note in live_page.evaluate("watched.states") if state == "reconnecting"]
    assert any("The connection was lost" in note for note in notes)
    wait_until(lambda: live_page.evaluate("watched.sockets[1].waiting.size > 0"))
    live_page.wait_for_selector(".face:not(.absent)")


REFUSED = [
    (403, "forbidden", "Pages of this address may not ask it"),
    (403, "scope_needed", "Your API key is not for the live view"),
]


@pytest.mark.parametrize(("status", "code", "words"), REFUSED)
def test_a_refusal_is_told_and_not_tried_again(page: Page, status: int, code: str, words: str) -> None:
    page.route("**/v1/tickets", lambda route: refuse(route, status, code))
    page.click("#start")
    expect_problem(page, "The server closed the session", words)
    assert page.evaluate("watched.sockets.length") == 0


WAITED_FOR = [
    (429, "too_many_requests", "This key or address has asked too often."),
    (503, "unavailable", "The server can’t let anybody in at the moment."),
]


@pytest.mark.parametrize(("status", "code", "words"), WAITED_FOR)
def test_a_refusal_that_passes_is_told_and_tried_again(page: Page, status: int, code: str, words: str) -> None:
    page.route("**/v1/tickets", lambda route: refuse(route, status, code))
    page.click("#start")
    expect(page.locator("#stage-note")).to_contain_text(words)
    page.unroute("**/v1/tickets")
    page.wait_for_selector("body[data-state=live]")


def test_a_server_that_keeps_silent_over_a_ticket_is_asked_again(page: Page) -> None:
    asked = []

    def keep_silent_once(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.route("**/v1/tickets", keep_silent_once)
    page.click("#start")
    page.wait_for_selector("body[data-state=live]")
    assert len(asked) == 2
    notes = [note for state, note in page.evaluate("watched.states") if state == "reconnecting"]
    assert notes


def test_an_encoder_that_could_not_be_loaded_is_loaded_again(open_page) -> None:
    """As when the server was away for a moment."""
    page = open_page(
        """
        window.encoders = 0;
        window.Worker = class extends Worker {
            constructor(address, options) {
                super(encoders++ === 0 ? "/web/live/gone.js" : address, options);
            }
        };
        """
    )
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    assert page.evaluate("encoders") >= 2
    assert page.evaluate("watched.sockets.length") == 1


def test_a_picture_that_cannot_be_taken_costs_that_picture_only(open_page) -> None:
    page = open_page(
        """
        const real = window.createImageBitmap;
        let turn = 0;
        window.createImageBitmap = async (canvas) => {
            if (turn++ % 3 === 0) throw new DOMException("", "InvalidStateError");
            return real(canvas);
        };
        """
    )
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    wait_for_answers(page, 10)
    assert page.evaluate("watched.sockets.length") == 1


def test_where_site_data_is_blocked_the_page_works_all_the_same(open_page) -> None:
    page = open_page(
        """
        for (const name of ["localStorage", "sessionStorage"]) {
            Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError") } });
        }
        """
    )
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Light")).to_be_visible()
    page.click("#start")
    page.wait_for_selector("body[data-state=live] .face")
    page.locator("#smoothing").evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')) }")
    expect(page.locator("output[for=smoothing]")).to_have_text("raw")


def test_a_draining_server_is_followed(live_page: Page) -> None:
    receive(live_page, {"type": "server.draining", "reconnect_after_ms": 300})
    wait_until(lambda: live_page.evaluate("watched.sockets.length === 2 && document.body.dataset.state === 'live'"))
    notes = [note for state, note in live_page.evaluate("watched.states") if state == "reconnecting"]
    assert any("The server is restarting" in note for note in notes)
    assert live_page.evaluate("watched.sockets[0].readyState") >= 2


def test_faces_of_the_next_session_are_others(live_page: Page) -> None:
    """A session numbers faces from 1; whoever was face 1 before may be another person now."""
    first = live_page.locator(".face").first
    expect(first).to_have_attribute("data-face-id", "1")
    receive(live_page, {"type": "server.draining", "reconnect_after_ms": 300})
    expect(live_page.locator(".face[data-face-id='2']")).to_be_visible()
    expect(live_page.locator(".face[data-face-id='1']")).to_have_count(0)


def test_no_answer_is_not_told_as_no_face(live_page: Page) -> None:
    receive(live_page, {"type": "server.draining", "reconnect_after_ms": 60_000})
    expect(live_page.locator("#no-face")).to_contain_text("Nothing is read from it at the moment")


def test_a_person_need_not_wait_for_the_next_attempt(live_page: Page) -> None:
    receive(live_page, {"type": "server.draining", "reconnect_after_ms": 60_000})
    live_page.evaluate("watched.sockets[0].close()")
    wait_until(lambda: live_page.evaluate("watched.sockets[0].readyState === WebSocket.CLOSED"))
    live_page.get_by_role("button", name="Try now").click()
    live_page.wait_for_selector("body[data-state=live]")
    expect(live_page.get_by_role("button", name="Stop", exact=True)).to_be_focused()


def test_an_error_of_the_server_is_shown_in_words(live_page: Page) -> None:
    receive(
        live_page,
        {
            "type": "error",
            "frame_id": None,
            "code": "unavailable",
            "message": "no member answered",
            "fatal": False,
        },
    )
    expect(live_page.locator("#server-error")).to_contain_text("The models do not answer at the moment")
    expect(live_page.locator("body")).to_have_attribute("data-state", "live")


def test_messages_of_a_newer_server_are_passed_over(live_page: Page) -> None:
    receive(live_page, {"type": "something.new", "value": 1})
    before = live_page.evaluate("watched.framesSent")
    wait_until(lambda: live_page.evaluate("before => watched.framesSent > before + 3", before))
    expect(live_page.locator("body")).to_have_attribute("data-state", "live")
