"""A sound client against the running platform."""

import asyncio

import cv2
import numpy as np
import pytest

from contracts.labels import LABELS
from contracts.protocol import Dropped, Result, SessionCreated, SessionUpdate, SessionUpdated
from runtime.model_tree import read_ensemble
from tests.integration.live_session import live_session
from tests.platform_process import ROOT, Platform
from thespis import open_stream


async def test_a_frame_with_a_face_comes_back_with_seven_probabilities(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        result = await session.result(jpeg)
        while result.members.missing:  # others voted in the place of one that was late
            result = await session.result(jpeg)
    assert (result.width, result.height, result.capture_us) == (640, 480, 1000 + result.frame_id)
    (face,) = result.faces
    assert tuple(face.probabilities) == LABELS
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert face.top == max(face.probabilities, key=lambda label: face.probabilities[label])
    assert face.smoothed == face.probabilities
    assert face.votes is None
    assert 0 <= face.agreement <= 1
    assert face.landmarks is not None
    assert face.landmarks.left_eye.x < face.landmarks.nose.x < face.landmarks.right_eye.x
    assert not result.members.missing
    assert set(result.members.used) == set(read_ensemble(ROOT / "models").votes["default"].weights)
    stages = result.timing_ms
    assert stages.total == pytest.approx(stages.queue + stages.decode + stages.detect + stages.ensemble, abs=0.05)


async def test_a_frame_without_a_face_comes_back_without_faces(platform: Platform) -> None:
    gray = cv2.imencode(".jpg", np.full((480, 640, 3), 128, np.uint8))[1].tobytes()
    async with live_session(platform.url) as session:
        result = await session.result(gray)
    assert result.faces == []


async def test_a_face_keeps_its_id_while_it_moves(platform: Platform, frames: list[bytes]) -> None:
    async with live_session(platform.url) as session:
        ids = set()
        for jpeg in frames[:20]:
            result = await session.result(jpeg)
            ids |= {face.face_id for face in result.faces}
    assert ids == {1}


async def test_smoothed_probabilities_lag_behind_the_raw_ones(platform: Platform, frames: list[bytes]) -> None:
    async with live_session(platform.url) as session:
        await session.connection.send('{"type":"session.update","smoothing":0.99}')
        first = await session.result(frames[0])
        later = await session.result(frames[12])
    moved = max(abs(later.faces[0].smoothed[label] - first.faces[0].smoothed[label]) for label in LABELS)
    assert moved < max(abs(later.faces[0].probabilities[label] - first.faces[0].smoothed[label]) for label in LABELS)


async def test_votes_are_given_member_by_member_when_asked_for(platform: Platform, jpeg: bytes) -> None:
    async with open_stream(platform.url) as stream:
        await stream.update(SessionUpdate(votes=True, vote_profile="equal"))
        updated = await stream.receive()
        assert isinstance(updated, SessionUpdated)
        assert updated.preferences.votes
        await stream.send(jpeg)
        while not isinstance(result := await stream.receive(), Result):  # a frame may rightly be too late
            await stream.send(jpeg)
    (face,) = result.faces
    assert face.votes is not None
    assert set(face.votes) == set(result.members.used)
    equal = read_ensemble(ROOT / "models").votes["equal"]
    temperature = equal.temperature if set(face.votes) == set(equal.weights) else 1.0  # fitted to all of them
    mean = np.mean([[vote[label] for label in LABELS] for vote in face.votes.values()], axis=0) ** (1 / temperature)
    assert list(face.probabilities.values()) == pytest.approx(list(mean / mean.sum()), abs=1e-4)


async def test_the_session_tells_its_limits_members_and_retention(platform: Platform) -> None:
    async with live_session(platform.url) as session:
        created = session.messages[0]
    assert isinstance(created, SessionCreated)
    assert tuple(created.labels) == LABELS
    assert created.limits.max_frames_in_flight == 2
    assert len(created.members) >= 3
    assert "default" in created.vote_profiles
    assert "never written to disk" in created.retention


async def test_sessions_at_once_each_get_their_own_answers(platform: Platform) -> None:
    async def one_session(width: int) -> None:
        jpeg = cv2.imencode(".jpg", np.full((480, width, 3), 128, np.uint8))[1].tobytes()
        async with live_session(platform.url) as session:
            for _ in range(10):
                await session.ask(jpeg)
        assert session.ids() == list(range(1, 11))
        assert {answer.width for answer in session.answers() if isinstance(answer, Result)} <= {width}

    await asyncio.gather(*(one_session(320 + 40 * number) for number in range(6)))


async def test_a_session_with_frames_waiting_is_answered_newest_first(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        for _ in range(30):
            await session.send(jpeg)
        last = await session.answer_to(30)
        while len(session.ids()) < 30:
            await session.next()
    reasons = [answer.reason for answer in session.answers() if isinstance(answer, Dropped)]
    assert reasons.count("superseded") >= 20
    assert isinstance(last, Result) or last.reason in ("expired", "overload"), (
        "it was taken before those that came earlier"
    )
    assert session.ids() == list(range(1, 31))


async def test_a_face_smaller_than_asked_for_is_left_out(platform: Platform, jpeg: bytes) -> None:
    async with live_session(platform.url) as session:
        await session.connection.send('{"type":"session.update","min_face_size":2000}')
        result = await session.result(jpeg)
    assert result.faces == []
