"""What the clients send, and what they make of replies."""

import httpx
import pytest

from thespis import calls
from thespis.errors import BadKey, ThespisError, Unreachable


def refused(status: int, content: bytes, **headers: str) -> ThespisError:
    with pytest.raises(ThespisError) as caught:
        calls.reply_of(calls.job("a"), httpx.Response(status, content=content, headers=headers))
    return caught.value


def test_a_job_id_stays_within_its_place_in_the_path() -> None:
    assert calls.job_path("a/../b?c", "/results") == "/v1/jobs/a%2F..%2Fb%3Fc/results"


def test_what_was_not_asked_for_is_not_in_the_query() -> None:
    assert calls.jobs("running", None, None).params == {"status": "running"}


def test_a_refusal_carries_the_problems_details_and_when_to_come_again() -> None:
    body = b'{"type":"urn:thespis:problem:too_many_jobs","title":"Too Many Requests","status":429,"detail":"wait"}'
    error = refused(429, body, **{"Retry-After": "30"})
    assert error.problem.type == "urn:thespis:problem:too_many_jobs"
    assert str(error) == "Too Many Requests: wait"
    assert error.retry_after_s == 30


@pytest.mark.parametrize("status", [200, 404])
def test_another_server_at_that_address_is_told_from_thespis(status: int) -> None:
    assert "not a Thespis server?" in str(refused(status, b"<html>welcome</html>"))


def test_bytes_that_are_no_text_are_no_thespis_either() -> None:
    for status in (200, 404):
        assert "not a Thespis server?" in str(refused(status, b'{"id": "\xff"}'))


def test_a_platform_that_is_not_ready_says_what_is_missing_and_one_that_refuses_says_why() -> None:
    missing = b'{"ready":false,"missing":["no detector worker answers"],"members":{"used":[],"missing":[]}}'
    answer = calls.reply_of(calls.readiness(), httpx.Response(503, content=missing))
    assert (answer.ready, answer.missing) == (False, ["no detector worker answers"])
    body = b'{"type":"urn:thespis:problem:unknown_host","title":"Misdirected Request","status":421,"detail":"not here"}'
    with pytest.raises(ThespisError, match="not here"):
        calls.reply_of(calls.readiness(), httpx.Response(421, content=body))


def test_a_key_from_a_file_has_a_line_end_that_is_no_part_of_it() -> None:
    assert calls.bearer("thespis_a_b\n") == {"Authorization": "Bearer thespis_a_b"}


@pytest.mark.parametrize("key", ["", " ", "thespis_ä", "two words", "thespis_a\nthespis_b", "a\x7f"])
def test_what_can_not_be_a_key_is_said_without_showing_it(key: str) -> None:
    with pytest.raises(BadKey) as caught:
        calls.bearer(key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("server", ["localhost:8080", "ftp://host", "http://", "http://[::1", ""])
def test_what_is_no_address_is_said_before_anything_is_sent(server: str) -> None:
    with pytest.raises(Unreachable, match="no address"):
        calls.address_of(server)
