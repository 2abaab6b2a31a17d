"""Segments' predictions, in order, to result rows: faces followed and smoothed as in a live session."""

from collections.abc import Iterable, Iterator

from contracts.jobs import ResultRow
from faces.people import People
from jobs.parts import ClassifiedFrame


def rows(frames: Iterable[ClassifiedFrame], smoothing: float) -> Iterator[ResultRow]:
    """One row a face and frame, in the order of time; `frames` are given in that order and only once each."""
    people = People()
    for frame in frames:
        for face in people.meet(frame.faces, frame.time_s, smoothing):
            yield ResultRow(
                time_s=round(frame.time_s, 6),
                frame=frame.tick,
                face_id=face.face_id,
                box=face.box,
                score=face.score,
                probabilities=face.probabilities,
                smoothed=face.smoothed,
                top=face.top,
                agreement=face.agreement,
                uncertain=face.uncertain,
                votes=face.votes,
            )
