"""A job is waited for over lost connections, and not for ever."""

import httpx
import msgspec
import pytest

from contracts.api import Problem
from contracts.jobs import JobView
from tests.unit.thespis.job_views import job_view
from thespis import waiting as module
from thespis.errors import ThespisError
from thespis.waiting import PATIENCE_S, POLL_S, Waiting

EVENTS = httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"})


def heard(waiting: Waiting, *lines: str) -> list[JobView]:
    return [view for line in lines if (view := waiting.hear(line)) is not None]


def event(event_id: str, view: JobView) -> tuple[str, ...]:
    return (f"id: {event_id}", "event: progress", f"data: {msgspec.json.encode(view).decode()}", "")


def test_an_event_is_complete_with_its_empty_line() -> None:
    view = job_view(state="running")
    waiting = Waiting(None)
    assert heard(waiting, *event("5-0", view)[:-1]) == []
    assert heard(waiting, "") == [view]


def test_comments_are_no_events() -> None:
    assert heard(Waiting(None), ": still here", "") == []


def test_the_next_connection_goes_on_after_the_last_whole_event() -> None:
    waiting = Waiting(None)
    assert waiting.headers() == {}
    heard(waiting, *event("5-0", job_view()), "id: 6-0")
    assert waiting.headers() == {"Last-Event-ID": "5-0"}
    waiting.listen(EVENTS)
    assert heard(waiting, "") == []


def test_a_connection_without_one_line_means_asking_instead() -> None:
    waiting = Waiting(None)
    assert waiting.by_events()
    assert waiting.listen(EVENTS)
    waiting.stopped_hearing()
    assert not waiting.by_events()
    assert waiting.pause_s() == POLL_S


def test_where_even_the_headers_are_kept_back_the_job_is_asked_for_instead() -> None:
    waiting = Waiting(None)
    waiting.headers()
    waiting.troubled(httpx.ReadTimeout("silence"))
    assert not waiting.by_events()


def test_a_reply_that_is_no_events_means_asking_instead() -> None:
    waiting = Waiting(None)
    assert not waiting.listen(httpx.Response(200, headers={"Content-Type": "text/html"}))
    assert not waiting.by_events()


def test_a_short_wait_is_done_by_asking_so_that_no_read_outlasts_it() -> None:
    assert not Waiting(5.0).by_events()
    assert Waiting(60.0).by_events()


def test_what_passes_by_itself_is_tried_again_with_growing_pauses() -> None:
    waiting = Waiting(None)
    busy = ThespisError(Problem("about:blank", "Service Unavailable", 503, "no Redis"))
    pauses = [waiting.troubled(problem) for problem in (busy, httpx.ConnectError("refused"), busy)]
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == 3


def test_where_too_many_listen_already_the_job_is_asked_for_instead() -> None:
    waiting = Waiting(None)
    full = ThespisError(Problem("urn:thespis:problem:too_many_streams", "Too Many Requests", 429, "32 are open"), 5.0)
    for _ in range(3):
        assert waiting.troubled(full) == POLL_S
        assert not waiting.by_events()


def test_a_server_that_says_when_to_come_again_is_believed() -> None:
    busy = ThespisError(Problem("urn:thespis:problem:too_many_requests", "Too Many Requests", 429, "too often"), 7.0)
    assert Waiting(None).troubled(busy) == 7.0


def test_a_job_that_is_gone_is_not_asked_for_again() -> None:
    gone = ThespisError(Problem("about:blank", "Not Found", 404, "no such job"))
    with pytest.raises(ThespisError, match="no such job"):
        Waiting(None).troubled(gone)


def test_a_server_that_stays_away_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    waiting = Waiting(None)
    waiting.troubled(httpx.ConnectError("refused"))
    now_s += PATIENCE_S + 1
    with pytest.raises(httpx.ConnectError):
        waiting.troubled(httpx.ConnectError("refused"))


def test_trouble_that_passed_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    waiting = Waiting(None)
    waiting.troubled(httpx.ConnectError("refused"))
    waiting.went_well()
    now_s += PATIENCE_S + 1
    assert waiting.troubled(httpx.ConnectError("refused")) == POLL_S


def test_the_time_is_up_in_the_middle_of_trouble_too(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    waiting = Waiting(3.0)
    now_s += 4
    with pytest.raises(TimeoutError, match="within 3 s"):
        waiting.troubled(httpx.ConnectError("refused"))
    with pytest.raises(TimeoutError):
        waiting.pause_s()
