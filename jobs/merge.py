"""Segments' predictions, in order, to result rows: faces followed and smoothed as in a live session."""

from collections.abc import Iterable, Iterator

from contracts.jobs import ResultRow
from contracts.labels import by_label, most_likely
from faces.certainty import is_uncertain
from faces.following import Follower
from faces.smoothing import Smoother
from jobs.parts import ClassifiedFrame


def rows(frames: Iterable[ClassifiedFrame], smoothing: float) -> Iterator[ResultRow]:
    """One row a face and frame, in the order of time; `frames` are given in that order and only once each."""
    follower, smoother = Follower(), Smoother()
    for frame in frames:
        ids = follower.update([face.box for face in frame.faces], frame.time_s)
        smoother.forget_all_but(follower.followed)
        for face_id, face in zip(ids, frame.faces, strict=True):
            smoothed = smoother.update(face_id, face.probabilities, frame.time_s, smoothing)
            probabilities = by_label(face.probabilities)
            top = most_likely(probabilities)
            yield ResultRow(
                time_s=round(frame.time_s, 6),
                frame=frame.tick,
                face_id=face_id,
                box=face.box,
                score=face.score,
                probabilities=probabilities,
                smoothed=by_label(smoothed),
                top=top,
                agreement=face.agreement,
                uncertain=is_uncertain(probabilities[top], face.agreement),
                votes=face.votes,
            )
