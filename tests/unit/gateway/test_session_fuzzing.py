"""Whatever a client sends in whatever order: each message is answered once, and the session itself never fails."""

import asyncio
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.protocol import Error, ServerMessage, SessionUpdate, SessionUpdated
from tests.unit.gateway.test_session import JPEG, Room

FIELDS = [field.encode_name for field in msgspec.structs.fields(SessionUpdate)]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=10), children, max_size=3),
    max_leaves=5,
)
wishes = st.dictionaries(st.sampled_from([*FIELDS, "type", "unknown"]), json_values, max_size=4).map(
    lambda fields: msgspec.json.encode({"type": "session.update"} | fields, order="deterministic").decode()
)
texts = st.text(max_size=200) | json_values.map(lambda value: msgspec.json.encode(value).decode()) | wishes


@st.composite
def spoiled_jpegs(draw: st.DrawFn) -> bytes:
    """A JPEG cut and with some bytes changed, or anything at all."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    data = bytearray(JPEG[: draw(st.integers(0, len(JPEG)))])
    for at in draw(st.lists(st.integers(0, max(0, len(data) - 1)), max_size=5)) if data else []:
        data[at] = draw(st.integers(0, 255))
    return bytes(data)


frames = st.tuples(st.integers(0, 2**32 - 1) | st.none(), spoiled_jpegs() | st.just(JPEG))
messages = st.lists(texts | st.binary(max_size=11) | frames, max_size=20)


async def answered(sent: list[str | bytes | tuple[int | None, bytes]]) -> list[ServerMessage]:
    room = Room(max_bad_frames_in_a_row=1000)
    for message in sent:
        if isinstance(message, str):
            room.session.receive_text(message)
        elif isinstance(message, bytes):
            room.session.receive_frame(message)
        else:
            room.send(message[1], message[0])
        await room.settle()
        for index, asked in enumerate(room.dispatcher.asked):
            if not asked.done():
                room.dispatcher.answer(index)
        await room.settle()
    await room.session.abandon()
    return room.said


@given(messages)
@settings(max_examples=300)
def test_each_message_is_answered_exactly_once(sent: list[str | bytes | tuple[int | None, bytes]]) -> None:
    said = asyncio.run(answered(sent))
    assert len(said) == len(sent)
    of_frames = [message for message in sent if isinstance(message, tuple)]
    with_id = Counter(getattr(answer, "frame_id", None) for answer in said)
    del with_id[None]
    assert with_id.total() == len(of_frames)


@given(st.lists(texts, min_size=1, max_size=5))
@settings(max_examples=300)
def test_a_text_changes_preferences_or_is_refused_in_words(sent: list[str]) -> None:
    for answer in asyncio.run(answered(list(sent))):
        assert isinstance(answer, SessionUpdated) or (isinstance(answer, Error) and answer.message)
