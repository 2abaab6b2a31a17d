"""Turns the ensemble's faces into what clients see: an id, raw and smoothed probabilities, the top label, certainty."""

from collections.abc import Sequence

from contracts.labels import by_label, most_likely
from contracts.protocol import Face
from contracts.work import ClassifiedFace
from faces.certainty import is_uncertain
from faces.following import Follower
from faces.smoothing import Smoother


class People:
    """The faces of one live session, video or picture over time."""

    def __init__(self) -> None:
        self._follower = Follower()
        self._smoother = Smoother()

    def meet(self, faces: Sequence[ClassifiedFace], time_s: float, smoothing: float) -> list[Face]:
        """The faces of one frame, in their order; `time_s` never goes backwards."""
        ids = self._follower.update([face.box for face in faces], time_s)
        self._smoother.forget_all_but(self._follower.followed)
        return [
            _shown(face, face_id, self._smoother.update(face_id, face.probabilities, time_s, smoothing))
            for face_id, face in zip(ids, faces, strict=True)
        ]


def _shown(face: ClassifiedFace, face_id: int, smoothed: Sequence[float]) -> Face:
    """One face as the protocol tells it; `top` is of the raw probabilities."""
    probabilities = by_label(face.probabilities)
    top = most_likely(probabilities)
    return Face(
        face_id=face_id,
        box=face.box,
        score=face.score,
        landmarks=face.landmarks,
        probabilities=probabilities,
        smoothed=by_label(smoothed),
        top=top,
        agreement=face.agreement,
        uncertain=is_uncertain(probabilities[top], face.agreement),
        votes=face.votes,
        explanation=face.explanation,
    )
