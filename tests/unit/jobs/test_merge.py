"""Segments' predictions become rows as a live session's frames become results."""

import pytest

from contracts.geometry import BoundingBox
from contracts.jobs import ResultRow
from contracts.labels import LABELS
from contracts.protocol import Preferences
from contracts.work import ClassifiedFace
from faces.certainty import is_uncertain
from faces.following import Follower
from faces.smoothing import Smoother
from jobs.merge import rows
from jobs.parts import ClassifiedFrame


def face(x: float, happy: float, agreement: float = 1.0) -> ClassifiedFace:
    rest = (1 - happy) / 6
    probabilities = [happy if label == "happy" else rest for label in LABELS]
    return ClassifiedFace(BoundingBox(x, 10, 100, 100), 0.9, None, probabilities, agreement, None)


def frames() -> list[ClassifiedFrame]:
    """Two faces that move, of which one is away for two seconds, and times that are not steady."""
    times = [0.0, 0.1, 0.35, 0.4, 2.6, 2.7]
    return [
        ClassifiedFrame(tick, time_s, [face(5 * tick, 0.1 * tick)] + ([face(400, 0.9)] if tick not in (2, 3) else []))
        for tick, time_s in enumerate(times)
    ]


def test_ids_and_smoothed_probabilities_are_those_of_a_live_session() -> None:
    follower, smoother = Follower(), Smoother()
    live = []
    for frame in frames():
        ids = follower.update([seen.box for seen in frame.faces], frame.time_s)
        smoother.forget_all_but(follower.followed)
        for face_id, seen in zip(ids, frame.faces, strict=True):
            smoothed = smoother.update(face_id, seen.probabilities, frame.time_s, Preferences().smoothing)
            live.append((face_id, smoothed))
    merged = list(rows(frames(), Preferences().smoothing))
    assert [(row.face_id, list(row.smoothed.values())) for row in merged] == live
    assert {row.face_id for row in merged} == {1, 2, 3, 4}, "a face that was away for long is somebody new"


def test_a_row_tells_time_frame_box_score_top_and_certainty() -> None:
    row = list(rows(frames(), 0.6))[1]
    seen = frames()[0].faces[1]
    assert isinstance(row, ResultRow)
    assert (row.time_s, row.frame, row.box, row.score, row.top) == (0.0, 0, seen.box, 0.9, "happy")
    assert list(row.probabilities) == list(LABELS)
    assert row.uncertain == is_uncertain(0.9, 1.0)


def test_without_smoothing_both_are_the_same() -> None:
    for row in rows(frames(), 0.0):
        assert row.smoothed == pytest.approx(row.probabilities)


def test_frames_without_a_face_give_no_row_and_end_no_following() -> None:
    gap = [
        ClassifiedFrame(0, 0.0, [face(0, 0.5)]),
        ClassifiedFrame(1, 0.2, []),
        ClassifiedFrame(2, 0.4, [face(3, 0.5)]),
    ]
    assert [(row.frame, row.face_id) for row in rows(gap, 0.6)] == [(0, 1), (2, 1)]
