"""Gives each face an id that stays the same while the face is seen.

A face is the one of the frame before whose box overlaps it most, or else whose centre is nearest; pairs are taken best
first, each once. Ids are never used again within a follower.
"""

import math
from collections.abc import Sequence

from contracts.geometry import BoundingBox, overlap

LOST_AFTER_S = 1.0
LOST_BETWEEN_FRAMES_S = 2.0
"""For what was in the very frame before: pictures of a zip are a second apart."""

MIN_OVERLAP = 0.2
MAX_CENTRE_DISTANCE = 0.5
"""In lengths of the larger box's side: a quick move at a few frames a second leaves no overlap."""


class Follower:
    """The faces of one session or video, as last seen."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[BoundingBox, float]] = {}
        self._next_id = 1
        self._last_s = -math.inf

    @property
    def followed(self) -> set[int]:
        return set(self._seen)

    def update(self, boxes: Sequence[BoundingBox], time_s: float) -> list[int]:
        """The ids of `boxes`, in their order, at a time that never goes backwards (seconds)."""
        self._seen = {
            face_id: (box, seen_s) for face_id, (box, seen_s) in self._seen.items() if not self._is_lost(seen_s, time_s)
        }
        self._last_s = time_s
        pairs = sorted(
            (
                (_closeness(box, last), index, face_id)
                for index, box in enumerate(boxes)
                for face_id, (last, _) in self._seen.items()
            ),
            key=lambda pair: -pair[0],
        )
        ids: dict[int, int] = {}
        taken: set[int] = set()
        for closeness, index, face_id in pairs:
            if closeness > 0 and index not in ids and face_id not in taken:
                ids[index] = face_id
                taken.add(face_id)
        for index, box in enumerate(boxes):
            if index not in ids:
                ids[index] = self._next_id
                self._next_id += 1
            self._seen[ids[index]] = (box, time_s)
        return [ids[index] for index in range(len(boxes))]

    def _is_lost(self, seen_s: float, time_s: float) -> bool:
        age_s = time_s - seen_s
        return age_s > LOST_BETWEEN_FRAMES_S if seen_s == self._last_s else age_s >= LOST_AFTER_S


def _closeness(first: BoundingBox, second: BoundingBox) -> float:
    """Above 1 for boxes that overlap, up to 1 for near centres, 0 for two different faces."""
    shared = overlap(first, second)
    if shared >= MIN_OVERLAP:
        return 1 + shared
    side = max(first.width, first.height, second.width, second.height)
    if not side:
        return 0.0
    distance = math.hypot(
        first.x + first.width / 2 - second.x - second.width / 2,
        first.y + first.height / 2 - second.y - second.height / 2,
    )
    return max(0.0, 1 - distance / side / MAX_CENTRE_DISTANCE)
