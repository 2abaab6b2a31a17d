import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.frames import Frame, pack_frame, unpack_frame


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(max_size=50))
def test_a_frame_comes_back_as_it_was_packed(frame_id: int, capture_us: int, jpeg: bytes) -> None:
    frame = Frame(frame_id, capture_us, jpeg)
    assert unpack_frame(pack_frame(frame)) == frame


def test_the_header_is_big_endian() -> None:
    assert pack_frame(Frame(1, 2, b"x")) == bytes([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]) + b"x"


@given(st.binary(max_size=11))
def test_a_message_shorter_than_the_header_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        unpack_frame(message)
