"""What a client makes of messages that it does not know."""

import msgspec
import pytest

from contracts.protocol import Dropped, ServerDraining
from thespis.streaming import known, session_from


def test_a_type_that_came_after_this_client_is_passed_over() -> None:
    assert known('{"type":"server.notice","text":"hello"}') is None
    assert known('{"type":"server.draining","reconnect_after_ms":1,"new":true}') == ServerDraining(1)


def test_a_frame_that_is_dropped_for_a_new_reason_is_dropped_all_the_same() -> None:
    assert known('{"type":"dropped","frame_id":1,"capture_us":2,"reason":"tired"}') == Dropped(1, 2, "tired")


@pytest.mark.parametrize("message", ['{"type":"result"}', "{}", "[]", "x"])
def test_a_message_that_is_wrong_is_not_passed_over(message: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        known(message)


@pytest.mark.parametrize("message", ['{"hello":1}', "welcome", b"\xff"])
def test_what_is_no_thespis_begins_no_session(message: str | bytes) -> None:
    with pytest.raises(ConnectionError, match="no Thespis"):
        session_from(message)
