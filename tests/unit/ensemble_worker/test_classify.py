"""A batch of frames of several sessions: one round of predictions, each frame its own faces and its own vote."""

import time
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pytest

from contracts.geometry import CROP_BYTES, BoundingBox
from contracts.labels import LABELS
from contracts.members import Vote, asked_members
from contracts.work import ClassifyFaces, DetectedFace, FrameAnswered, FrameFailed
from ensemble_worker.classify import CroppedFaces, classify_batch, rounds

VOTES = {
    "default": Vote({"a": 1.0, "b": 0.0}),
    "other": Vote({"a": 0.0, "b": 1.0}),
    "both": Vote({"a": 0.6, "b": 0.4}),
}


class ScriptedFanOut:
    """Member a sees the label whose number the crop is filled with; member b always sees happy."""

    names = ("a", "b", "gone")

    def __init__(self, *answering: str) -> None:
        self.answering = answering
        self.asked: list[int] = []
        self.timeouts: list[float] = []
        self.asked_members: list[set[str]] = []
        self.offered: list[tuple[bytes, list[str]]] = []
        self.canaries = self

    async def predict(
        self, crops: bytes, timeout_s: float, left_s: float, asked: Collection[str]
    ) -> dict[str, npt.NDArray[np.float32]]:
        self.asked_members.append(set(asked))
        self.asked.append(len(crops) // CROP_BYTES)
        self.timeouts.append(min(timeout_s, left_s))
        firsts = np.frombuffer(crops, np.uint8).reshape(-1, CROP_BYTES)[:, 0]
        answers = {"a": np.eye(7, dtype=np.float32)[firsts], "b": np.eye(7, dtype=np.float32)[[3] * len(firsts)]}
        return {name: answers[name] for name in self.answering}

    def offer(self, crops: bytes, answers: Mapping[str, npt.NDArray[np.float32]]) -> None:
        self.offered.append((crops, list(answers)))


def frame(*labels: int, profile: str = "default", votes: bool = False, seconds: float = 1.0) -> CroppedFaces:
    faces = [DetectedFace(BoundingBox(label, 0, 10, 10), 0.9, None) for label in labels]
    crops = b"".join(bytes([label]) * CROP_BYTES for label in labels)
    command = ClassifyFaces("t", "c", "k", time.time() + seconds, profile, votes, False, 640, 480, 1.0, 2.0, faces)
    return CroppedFaces(command, crops)


async def classified(
    batch: list[CroppedFaces], fan_out: ScriptedFanOut, timeout_s: float = 0.4, asked: Collection[str] = ("a",)
) -> list[FrameAnswered | FrameFailed]:
    return await classify_batch(batch, fan_out, VOTES, timeout_s, asked)


def top(probabilities: list[float]) -> int:
    return int(np.argmax(probabilities))


async def test_frames_of_several_sessions_share_one_round_and_keep_their_own_faces() -> None:
    fan_out = ScriptedFanOut("a", "b")
    first, second = await classified([frame(0, 4), frame(6)], fan_out)
    assert fan_out.asked == [3]
    assert isinstance(first, FrameAnswered)
    assert isinstance(second, FrameAnswered)
    assert [top(face.probabilities) for face in first.faces] == [0, 4]
    assert [face.box.x for face in first.faces] == [0, 4]
    assert [top(face.probabilities) for face in second.faces] == [6]


async def test_a_round_is_offered_to_the_canaries_with_what_the_members_said() -> None:
    fan_out = ScriptedFanOut("a")
    batch = [frame(0, 4), frame(6)]
    await classified(batch, fan_out)
    assert fan_out.offered == [(batch[0].crops + batch[1].crops, ["a"])]


async def test_each_frame_votes_by_its_own_profile() -> None:
    replies = await classified([frame(0), frame(0, profile="other")], ScriptedFanOut("a", "b"), asked="ab")
    assert [top(reply.faces[0].probabilities) for reply in replies if isinstance(reply, FrameAnswered)] == [0, 3]


async def test_members_that_did_not_answer_are_named() -> None:
    (reply,) = await classified([frame(0)], ScriptedFanOut("b"))
    assert isinstance(reply, FrameAnswered)
    assert (reply.used, reply.missing) == (["b"], ["a"])


async def test_a_round_asks_the_members_that_its_frames_need_once() -> None:
    fan_out = ScriptedFanOut("a", "b")
    batch = [frame(0, profile="both"), frame(0, profile="both", votes=True)]
    replies = await classified(batch, fan_out, asked=["a", "b", "gone"])
    assert fan_out.asked_members == [{"a", "b", "gone"}]
    assert [(reply.used, reply.missing) for reply in replies if isinstance(reply, FrameAnswered)] == [
        (["a", "b"], ["gone"])
    ] * 2


async def test_where_none_of_those_asked_answers_those_that_did_vote() -> None:
    (reply,) = await classified([frame(0, profile="both")], ScriptedFanOut("b"))
    assert isinstance(reply, FrameAnswered)
    assert (reply.used, reply.missing) == (["b"], ["a"])


async def test_without_any_answer_each_frame_fails() -> None:
    replies = await classified([frame(0), frame(1)], ScriptedFanOut())
    assert [reply.code for reply in replies if isinstance(reply, FrameFailed)] == ["members_unavailable"] * 2


async def test_votes_are_sent_only_to_those_who_asked_and_agreement_to_all() -> None:
    batch = [frame(0, profile="both"), frame(0, profile="both", votes=True)]
    silent, curious = await classified(batch, ScriptedFanOut("a", "b"), asked="ab")
    assert isinstance(silent, FrameAnswered)
    assert isinstance(curious, FrameAnswered)
    assert silent.faces[0].votes is None
    votes = curious.faces[0].votes
    assert votes is not None
    assert votes["b"][LABELS[3]] == 1.0
    assert silent.faces[0].agreement == curious.faces[0].agreement == 0.5


async def test_members_without_a_share_of_the_vote_neither_agree_nor_disagree() -> None:
    (curious,) = await classified([frame(0, votes=True)], ScriptedFanOut("a", "b"), asked="ab")
    assert isinstance(curious, FrameAnswered)
    assert curious.faces[0].agreement == 1.0


async def test_members_are_waited_for_no_longer_than_the_last_deadline() -> None:
    fan_out = ScriptedFanOut("a")
    await classified([frame(0, seconds=20.0), frame(0, seconds=40.0)], fan_out, 100.0)
    assert fan_out.timeouts[0] == pytest.approx(40.0, abs=10.0)


def needs_a(_: ClassifyFaces) -> list[str]:
    return ["a"]


def test_rounds_are_cut_by_crops_and_lose_no_frame() -> None:
    waiting = [frame(*[0] * count) for count in (2, 1, 3, 9, 1, 1)]
    cut = [[len(cropped.frame.faces) for cropped in batch] for batch in rounds(waiting, 4, needs_a)]
    assert cut == [[2, 1], [3], [9], [1, 1]]
    assert list(rounds([], 4, needs_a)) == []


def test_frames_that_need_other_members_are_rounds_of_their_own_and_the_cheaper_come_first() -> None:
    curious, plain, other, plain_too = frame(0, votes=True), frame(1), frame(2, profile="other"), frame(3)

    def members_of(command: ClassifyFaces) -> list[str]:
        return asked_members(VOTES[command.vote_profile].weights, ScriptedFanOut.names, votes=command.votes)

    cut = list(rounds([curious, plain, other, plain_too], 4, members_of))
    assert cut == [[plain, plain_too], [other], [curious]]
