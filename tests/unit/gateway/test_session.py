"""A session with a dispatcher made for the test: what is answered, once, and in which order."""

import asyncio
import itertools
from unittest import mock

import cv2
import msgspec
import numpy as np
import pytest

from contracts.frames import Frame, pack_frame
from contracts.geometry import BoundingBox
from contracts.protocol import Dropped, Error, Result, ServerMessage, SessionUpdated
from contracts.work import ClassifiedFace, FrameAnswered
from gateway.admission import Admission
from gateway.dispatcher import Broken, Expired, Unavailable, Undecodable, WorkError
from gateway.image_header import read_jpeg_header
from gateway.session import Session
from gateway.settings import GatewaySettings

JPEG = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
FACE = ClassifiedFace(BoundingBox(1, 2, 3, 4), 0.9, None, [0, 0, 0, 1, 0, 0, 0], 1.0, None)
REPLY = FrameAnswered("t", 40, 30, 1.0, 2.0, 3.0, [FACE], ["a"], [])


class ScriptedDispatcher:
    """Keeps every frame until the test answers it."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[FrameAnswered]] = []
        self.votes: list[bool] = []
        """Whether all members were asked, a frame at a time."""

    async def detect(self, picture: bytes, *, votes: bool, **_: object) -> FrameAnswered:
        self.votes.append(votes)
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]

    def answer(self, index: int, reply: FrameAnswered | WorkError = REPLY) -> None:
        if isinstance(reply, WorkError):
            self.asked[index].set_exception(reply)
        else:
            self.asked[index].set_result(reply)


class Room:
    """A session, its dispatcher and what it said."""

    def __init__(
        self, admission: int = 16, asker: str = "anna", neighbour: "Room | None" = None, **settings: int
    ) -> None:
        """A `neighbour` is a session of the same gateway."""
        self.said: list[ServerMessage] = []
        self.dispatcher = ScriptedDispatcher()
        self.admission = Admission(admission) if neighbour is None else neighbour.admission
        self.session = Session(
            self.said.append,
            self.dispatcher,
            self.admission,
            asker,
            GatewaySettings(**settings),
            ["default", "equal"],
        )
        self.ids = itertools.count(1)

    def send(self, jpeg: bytes = JPEG, frame_id: int | None = None) -> None:
        self.session.receive_frame(pack_frame(Frame(next(self.ids) if frame_id is None else frame_id, 77, jpeg)))

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    def answers(self) -> list[tuple[int | None, str]]:
        return [(message.frame_id, kind(message)) for message in self.said if hasattr(message, "frame_id")]


def kind(message: ServerMessage) -> str:
    if isinstance(message, Dropped):
        return message.reason
    return message.code if isinstance(message, Error) else "result"


async def test_a_frame_is_answered_with_its_id_and_capture_time() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.dispatcher.answer(0)
    await room.settle()
    (result,) = room.said
    assert isinstance(result, Result)
    assert (result.frame_id, result.capture_us, result.faces[0].top) == (1, 77, "happy")
    assert result.timing_ms.decode + result.timing_ms.detect + result.timing_ms.ensemble == pytest.approx(6.0)


async def test_at_most_two_frames_are_in_flight_and_the_newest_waiting_one_wins() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.send()
    await room.settle()
    for _ in range(3):
        room.send()
    await room.settle()
    assert len(room.dispatcher.asked) == 2
    assert room.answers() == [(3, "superseded"), (4, "superseded")]
    room.dispatcher.answer(0)
    await room.settle()
    assert len(room.dispatcher.asked) == 3


async def test_results_come_in_the_order_of_the_frames_when_the_workers_finish_in_another() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.send()
    await room.settle()
    room.dispatcher.answer(1)
    await room.settle()
    assert room.answers() == []
    room.dispatcher.answer(0)
    await room.settle()
    assert room.answers() == [(1, "result"), (2, "result")]


async def test_a_frame_that_no_worker_answers_is_dropped_as_expired() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.dispatcher.answer(0, Expired("late"))
    await room.settle()
    assert room.answers() == [(1, "expired")]


async def test_a_frame_that_waits_for_admission_past_its_deadline_is_dropped_as_overload() -> None:
    room = Room(admission=1, frame_deadline_ms=50)
    room.send()
    await room.settle()
    room.send()
    async with asyncio.timeout(5):
        while len(room.said) < 2:
            await asyncio.sleep(0.01)
    assert sorted(room.answers()) == [(1, "expired"), (2, "overload")]
    room.dispatcher.answer(0)
    await room.settle()
    assert len(room.answers()) == 2, "an answer that comes too late is no second one"


async def test_a_failure_behind_the_gateway_is_an_error_and_not_counted_against_the_client() -> None:
    room = Room(max_bad_frames_in_a_row=1)
    room.send()
    await room.settle()
    room.dispatcher.answer(0, Unavailable("no member"))
    await room.settle()
    assert room.answers() == [(1, "unavailable")]
    assert not room.session.spoiled.is_set()


async def test_five_bad_frames_in_a_row_spoil_the_session_and_the_fifth_says_so() -> None:
    room = Room()
    for _ in range(5):
        room.send(b"no jpeg")
    assert [message.fatal for message in room.said if isinstance(message, Error)] == [False] * 4 + [True]
    assert room.session.spoiled.is_set()


async def test_changed_preferences_between_bad_frames_forgive_nothing() -> None:
    room = Room()
    for _ in range(5):
        room.session.receive_text('{"type":"session.update","smoothing":0.2}')
        room.send(b"no jpeg")
    assert room.session.spoiled.is_set()


async def test_a_frame_too_many_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some bytes are made to take long."""
    room = Room(max_fps=2)
    monkeypatch.setattr(room.session, "_rate", mock.Mock(allows=mock.Mock(side_effect=[True] * 2 + [False] * 8)))
    looks = mock.Mock(wraps=read_jpeg_header)
    monkeypatch.setattr("gateway.session.read_jpeg_header", looks)
    for _ in range(10):
        room.send(b"no jpeg")
    assert looks.call_count == 2
    assert room.answers() == [(1, "bad_image"), (2, "bad_image"), *((number, "rate") for number in range(3, 11))]
    assert not room.session.spoiled.is_set(), "nobody knows whether those were bad"


async def test_a_good_result_between_bad_frames_forgives_them() -> None:
    room = Room()
    for _ in range(4):
        room.send(b"no jpeg")
    room.send()
    await room.settle()
    room.dispatcher.answer(0)
    await room.settle()
    for _ in range(4):
        room.send(b"no jpeg")
    assert not room.session.spoiled.is_set()


async def test_an_undecodable_picture_is_the_clients_bad_frame() -> None:
    room = Room(max_bad_frames_in_a_row=1)
    room.send()
    await room.settle()
    room.dispatcher.answer(0, Undecodable("broken"))
    await room.settle()
    assert room.answers() == [(1, "bad_image")]
    assert room.session.spoiled.is_set()


async def test_only_bad_frames_that_follow_each_other_end_a_session() -> None:
    room = Room(max_frames_in_flight=1)
    room.send()
    await room.settle()
    for _ in range(6):
        room.send()
        room.send(b"no jpeg")
    assert not room.session.spoiled.is_set(), "sound frames lay between, replaced as they were"


async def test_a_mistake_of_ours_costs_one_frame_and_not_the_session() -> None:
    room = Room()
    for _ in range(2):
        room.send()
        await room.settle()
    room.dispatcher.asked[0].set_exception(RuntimeError("a mistake"))
    room.dispatcher.answer(1)
    await room.settle()
    assert room.answers() == [(1, "internal"), (2, "result")]


async def test_an_answer_that_can_not_be_made_into_a_result_is_a_mistake_of_ours_too() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.dispatcher.asked[0].set_result(None)
    await room.settle()
    assert room.answers() == [(1, "internal")]


async def test_a_worker_that_fails_on_a_frame_is_told_from_one_that_is_out_of_reach() -> None:
    room = Room()
    room.send()
    await room.settle()
    room.dispatcher.answer(0, Broken("the detector failed"))
    await room.settle()
    assert room.answers() == [(1, "internal")]


@pytest.mark.parametrize("frame_id", [7, 3])
async def test_ids_that_do_not_grow_are_refused(frame_id: int) -> None:
    room = Room()
    room.send(frame_id=7)
    room.send(frame_id=frame_id)
    assert room.answers() == [(frame_id, "frame_id_not_increasing")]


async def test_every_one_of_a_thousand_frames_sent_at_once_is_answered_once() -> None:
    room = Room()
    for _ in range(1000):
        room.send()
    await room.settle()
    while any(not future.done() for future in room.dispatcher.asked):
        for index, future in enumerate(room.dispatcher.asked):
            if not future.done():
                room.dispatcher.answer(index)
        await room.settle()
    assert sorted(frame_id for frame_id, _ in room.answers() if frame_id is not None) == list(range(1, 1001))
    totals = room.session.totals
    assert totals.frames == totals.results + sum(totals.dropped.values()) + totals.errors == 1000
    assert {"rate", "superseded"} <= set(totals.dropped)


async def test_preferences_are_changed_one_by_one_and_confirmed() -> None:
    room = Room()
    room.session.receive_text('{"type":"session.update","smoothing":0.2}')
    room.session.receive_text('{"type":"session.update","votes":true,"vote_profile":"equal"}')
    last = room.said[-1]
    assert isinstance(last, SessionUpdated)
    assert (last.preferences.smoothing, last.preferences.votes, last.preferences.vote_profile) == (
        0.2,
        True,
        "equal",
    )


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        '{"type":"session.update","colour":"red"}',
        '{"type":"session.update","smoothing":2}',
        '{"type":"session.update","max_faces":17}',
        '{"type":"session.update","vote_profile":"best"}',
        '{"type":"session.updated"}',
    ],
)
async def test_messages_that_can_not_be_used_are_refused_and_change_nothing(text: str) -> None:
    room = Room()
    before = msgspec.structs.asdict(room.session.preferences)
    room.session.receive_text(text)
    (error,) = room.said
    assert isinstance(error, Error)
    assert (error.code, error.fatal) == ("bad_message", False)
    assert msgspec.structs.asdict(room.session.preferences) == before


async def test_every_members_vote_is_asked_for_as_often_as_a_client_can_show_it() -> None:
    room = Room()

    async def asked_with(count: int, wish: str) -> list[bool]:
        room.session.receive_text(f'{{"type": "session.update", {wish}}}')
        before = len(room.dispatcher.votes)
        for _ in range(count):
            room.send()
            await room.settle()
            room.dispatcher.answer(-1)
            await room.settle()
        return room.dispatcher.votes[before:]

    assert await asked_with(2, '"max_faces": 3') == [False, False]
    assert await asked_with(2, '"votes": true') == [True, True]
    assert await asked_with(2, '"votes_fps": 0.001') == [False, False], "the last was a moment ago"
    assert await asked_with(2, '"votes_fps": 0') == [True, True]
    assert await asked_with(1, '"votes": false') == [False]
    other = Room()
    other.session.receive_text('{"type": "session.update", "votes": true, "votes_fps": 0.001}')
    for _ in range(2):
        other.send()
        await other.settle()
    assert other.dispatcher.votes == [True, False], "each session has its own beat"


async def test_finishing_answers_what_is_in_hand() -> None:
    room = Room(max_frames_in_flight=2)
    for _ in range(3):
        room.send()
        await room.settle()
    finishing = asyncio.ensure_future(room.session.finish(5))
    for index in range(3):  # the third waits in the mailbox until one of the others is back
        await room.settle()
        room.dispatcher.answer(index)
    await finishing
    assert room.answers() == [(1, "result"), (2, "result"), (3, "result")]


async def test_what_can_not_be_finished_in_time_is_dropped_and_nothing_new_is_taken() -> None:
    room = Room(max_frames_in_flight=1)
    for _ in range(2):
        room.send()
        await room.settle()
    finishing = asyncio.ensure_future(room.session.finish(0.05))
    await room.settle()
    room.send()
    await finishing
    assert sorted(room.answers()) == [(1, "expired"), (2, "overload"), (3, "overload")]
    await room.session.abandon()


async def test_an_abandoned_session_leaves_no_task_and_no_place_taken() -> None:
    admission_room = Room(admission=1)
    admission_room.send()
    await admission_room.settle()
    admission_room.send()
    await admission_room.session.abandon()
    assert len(asyncio.all_tasks()) == 1
    async with asyncio.timeout(5), admission_room.admission.place("bert"):
        pass  # there is a place


async def test_callers_take_turns_however_many_sessions_one_has() -> None:
    first = Room(admission=1)
    others = [Room(neighbour=first), Room(neighbour=first), Room(asker="bert", neighbour=first)]
    for room in (first, *others):
        room.send()
        await room.settle()
    order = []
    while waiting := [room for room in (first, *others) if room.dispatcher.asked and room not in order]:
        order += waiting
        waiting[0].dispatcher.answer(0)
        await first.settle()
    assert order == [first, others[0], others[2], others[1]]


async def test_a_session_asks_for_no_place_that_it_has_no_frame_for() -> None:
    """Or its caller's turn would be over without one."""
    first = Room(admission=1)
    second, third = Room(neighbour=first), Room(neighbour=first)
    others = [Room(asker="bert", neighbour=first), Room(asker="bert", neighbour=first)]
    for room in (first, second, second, second, *others, third):
        room.send()
        await room.settle()
    for room in (first, second, others[0]):
        room.dispatcher.answer(0)
        await room.settle()
    assert third.dispatcher.asked
    assert not others[1].dispatcher.asked
