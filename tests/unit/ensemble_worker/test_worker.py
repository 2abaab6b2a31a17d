"""What an ensemble worker does with what it took, with members and a clock made for the test, and without Redis."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import celery
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
import redis

from contracts.geometry import CROP_BYTES, BoundingBox
from contracts.members import Ensemble, Vote
from contracts.work import ClassifyFaces, DetectedFace, FrameAnswered, FrameFailed, Reply
from ensemble_worker import worker as worker_module
from ensemble_worker.settings import EnsembleSettings
from ensemble_worker.worker import EnsembleWorker

ROUNDS_A_FACE = 4
"""Of 32 of the hundred covered copies."""

REPLY: "msgspec.msgpack.Decoder[Reply]" = msgspec.msgpack.Decoder(Reply)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    perf_counter = time


class ScriptedFanOut:
    """Two members that see the same in everything; `second_leaves_in` names the rounds that the second is away."""

    names = ("first", "second")

    def __init__(self, clock: Clock, round_s: float, second_leaves_in: Collection[int] = ()) -> None:
        self.canaries = mock.AsyncMock()
        self.canaries.offer = mock.Mock()
        self._clock = clock
        self._round_s = round_s
        self._leaves = second_leaves_in
        self._rounds = 0
        self.left_s: list[float] = []
        """The time that each round was given."""

    async def predict(
        self, crops: bytes, timeout_s: float, left_s: float, *_: object, **__: object
    ) -> dict[str, npt.NDArray[np.float32]]:
        self._rounds += 1
        self.left_s.append(left_s)
        self._clock.now += self._round_s
        names = self.names[:1] if self._rounds in self._leaves else self.names
        return {name: np.full((len(crops) // CROP_BYTES, 7), 1 / 7, np.float32) for name in names}


class Desk:
    """A worker, what waits for it and what it answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, round_s: float = 0.0, leaves: Collection[int] = ()) -> None:
        self.clock = Clock()
        self.fan_out = ScriptedFanOut(self.clock, round_s, leaves)
        self.client = mock.MagicMock(spec=redis.Redis)
        self.pipeline = self.client.pipeline.return_value.__enter__.return_value
        ensemble = Ensemble([], {}, {"default": Vote({"first": 0.5, "second": 0.5})})

        async def opened(*_: object) -> ScriptedFanOut:
            return self.fan_out

        monkeypatch.setattr(worker_module, "open_members", opened)
        monkeypatch.setattr(worker_module, "read_ensemble", lambda _: ensemble)
        monkeypatch.setattr(worker_module, "time", self.clock)
        monkeypatch.setattr("ensemble_worker.classify.time", self.clock)
        self.waiting: list[ClassifyFaces] = []
        self.explained: list[ClassifyFaces] = []
        self.worker = EnsembleWorker(EnsembleSettings(), cast(Any, self.client), celery.Celery())
        for name, lists in (("_faces", self.waiting), ("_explanations", self.explained)):
            monkeypatch.setattr(self.worker, name, SimpleNamespace(take=lambda *_, lists=lists: self._taken(lists)))
        monkeypatch.setattr(
            worker_module.pixels, "take", lambda _, keys: [bytes(int(key) * CROP_BYTES) for key in keys]
        )

    def lay(self, faces: int, profile: str = "default", explain_within_s: float | None = None) -> None:
        found = [DetectedFace(BoundingBox(0, 0, 9, 9), 0.9, None, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]) for _ in range(faces)]
        explain, within_s = explain_within_s is not None, 1.0 if explain_within_s is None else explain_within_s
        command = ClassifyFaces(
            profile, "channel", str(faces), self.clock.now + within_s, profile, False, explain, 64, 48, 1.0, 2.0, found
        )
        (self.explained if explain else self.waiting).append(command)

    def replies(self) -> list[Reply]:
        return [REPLY.decode(call.args[1]) for call in self.pipeline.publish.call_args_list]

    @staticmethod
    def _taken(waiting: list[ClassifyFaces]) -> list[bytes]:
        entries = [msgspec.msgpack.encode(command) for command in waiting]
        waiting.clear()
        return entries


@pytest.fixture
def desk_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    with contextlib.ExitStack() as closing:

        def make(**named: Any) -> Desk:
            made = Desk(monkeypatch, **named)
            closing.callback(made.worker._loop.close)
            return made

        yield make


def explained(reply: Reply) -> list[bool]:
    assert isinstance(reply, FrameAnswered)
    return [face.explanation is not None for face in reply.faces]


def test_a_vote_that_is_not_known_here_yet_is_answered_at_once(desk_with: Callable[..., Desk]) -> None:
    """Gateways offer it first while another models.toml is rolled out; at the deadline it would hold up everybody."""
    desk = desk_with()
    desk.lay(1, "brand-new")
    desk.lay(1)
    desk.worker.serve_waiting_frames()
    refused, answered = desk.replies()
    assert isinstance(refused, FrameFailed)
    assert (refused.correlation_id, refused.code) == ("brand-new", "internal")
    assert "brand-new" in refused.message
    assert isinstance(answered, FrameAnswered)


def test_what_is_explained_in_time_is_answered_in_time(desk_with: Callable[..., Desk]) -> None:
    desk = desk_with(round_s=0.3)
    desk.lay(2, explain_within_s=2.5)
    due = desk.clock.now + 2.5
    desk.worker.explain_waiting_faces()
    (reply,) = desk.replies()
    assert explained(reply) == [True, False], "there was time for one of two"
    assert desk.clock.now < due


def test_no_round_of_an_explanation_is_cut_short_by_the_deadline(desk_with: Callable[..., Desk]) -> None:
    """A member that had less than its time would count as failed, and be skipped for live frames, too."""
    desk = desk_with(round_s=0.3)
    desk.lay(8, explain_within_s=3.0)
    desk.worker.explain_waiting_faces()
    assert len(desk.fan_out.left_s) > ROUNDS_A_FACE
    assert min(desk.fan_out.left_s) >= EnsembleSettings().predict_timeout_ms / 1000


def test_a_member_that_leaves_is_not_taken_for_a_part_of_the_face(desk_with: Callable[..., Desk]) -> None:
    desk = desk_with(leaves={1 + ROUNDS_A_FACE + 2})  # the vote itself, the first face, the second's second
    desk.lay(2, explain_within_s=10.0)
    desk.worker.explain_waiting_faces()
    (reply,) = desk.replies()
    assert explained(reply) == [True, False]


def test_a_member_that_leaves_before_the_first_round_gives_no_false_map(desk_with: Callable[..., Desk]) -> None:
    desk = desk_with(leaves=range(2, 2 + ROUNDS_A_FACE))  # it voted on the face as it is, and on no covered copy
    desk.lay(1, explain_within_s=10.0)
    desk.worker.explain_waiting_faces()
    (reply,) = desk.replies()
    assert explained(reply) == [False]


def test_a_member_that_was_away_for_the_face_is_not_missed_in_its_map(desk_with: Callable[..., Desk]) -> None:
    desk = desk_with(leaves=range(1, 2 + ROUNDS_A_FACE))
    desk.lay(1, explain_within_s=10.0)
    desk.worker.explain_waiting_faces()
    (reply,) = desk.replies()
    assert explained(reply) == [True]


def test_canaries_keep_nothing_when_an_answer_can_not_be_sent(desk_with: Callable[..., Desk]) -> None:
    desk = desk_with()
    desk.lay(1)
    desk.pipeline.execute.side_effect = redis.ConnectionError
    with pytest.raises(redis.ConnectionError):
        desk.worker.serve_waiting_frames()
    desk.fan_out.canaries.read.assert_awaited_once()
