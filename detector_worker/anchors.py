"""What a single-shot detector's raw numbers mean: boxes, points around anchors, one face of many boxes.

After MediaPipe's SsdAnchorsCalculator, TensorsToDetectionsCalculator and NonMaxSuppressionCalculator, as far
as BlazeFace needs them. A candidate is eight points float32 [8, 2]: top left, bottom right, landmarks.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

POINTS: Final = 8
SAME_FACE_OVERLAP: Final = 0.3
"""Boxes of one network that overlap more (intersection over union) are averaged, as MediaPipe does."""

REPEATED_FACE_SHARE: Final = 0.5
"""Boxes that share more of the smaller one are one face: a near look draws far faces too large."""

TINY: Final = np.finfo(np.float32).tiny

RAW_SCORE_LIMIT: Final = 80.0
"""Beyond it the sigmoid is 0 or 1 anyway, and float32's exp would overflow."""


def anchor_centres(side: int, grids: Sequence[tuple[int, int]]) -> Floats:
    """float32 [anchors, 2]: x and y, row by row, for each grid of (stride, anchors a cell)."""
    return np.concatenate([_grid(side, stride, count) for stride, count in grids])


def sigmoid(raw: Floats) -> Floats:
    """Raw scores -> 0 to 1."""
    return (1 / (1 + np.exp(-np.clip(raw, -RAW_SCORE_LIMIT, RAW_SCORE_LIMIT)))).astype(np.float32, copy=False)


def decode_candidates(raw_boxes: Floats, anchors: Floats) -> Floats:
    """Raw float32 [n, 16] (centre, size, six points) at anchors [n, 2] -> candidates [n, 8, 2]."""
    points = raw_boxes.reshape(-1, POINTS, 2).copy()
    half_size = np.abs(points[:, 1]) / 2
    centre = points[:, 0] + anchors
    points[:, 2:] += anchors[:, None]
    points[:, 0], points[:, 1] = centre - half_size, centre + half_size
    return points


def merge_overlapping(scores: Floats, candidates: Floats) -> tuple[Floats, Floats]:
    """Weighted suppression: what overlaps the surest becomes one candidate, their mean weighted by score."""
    kept_scores: list[np.float32] = []
    kept: list[Floats] = []
    order = np.argsort(-scores, kind="stable")
    scores, candidates = scores[order], candidates[order]
    while len(scores):
        same = overlaps(candidates[0], candidates) > SAME_FACE_OVERLAP
        same[0] = True
        kept_scores.append(scores[0])
        kept.append(np.average(candidates[same], axis=0, weights=scores[same]).astype(np.float32))
        scores, candidates = scores[~same], candidates[~same]
    return np.array(kept_scores, np.float32), np.array(kept, np.float32).reshape(-1, POINTS, 2)


def drop_repeated(scores: Floats, candidates: Floats) -> tuple[Floats, Floats]:
    """Of candidates that cover each other, two networks' views of one face, the surest; surest first."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if not kept or shared_with_smaller(candidates[index], candidates[kept]).max() <= REPEATED_FACE_SHARE:
            kept.append(int(index))
    return scores[kept], candidates[kept]


def overlaps(candidate: Floats, candidates: Floats) -> Floats:
    """Intersection over union of one candidate's box with each of n, float32 [n]."""
    shared = _intersections(candidate, candidates)
    return np.asarray(shared / np.maximum(_areas(candidate) + _areas(candidates) - shared, TINY), np.float32)


def shared_with_smaller(candidate: Floats, candidates: Floats) -> Floats:
    """Intersection over the smaller of the two boxes, float32 [n]: 1 where one lies within the other."""
    smaller = np.minimum(_areas(candidate), _areas(candidates))
    return np.asarray(_intersections(candidate, candidates) / np.maximum(smaller, TINY), np.float32)


def _intersections(candidate: Floats, candidates: Floats) -> Floats:
    sides = np.minimum(candidate[1], candidates[:, 1]) - np.maximum(candidate[0], candidates[:, 0])
    return np.asarray(np.prod(np.maximum(sides, 0), axis=1), np.float32)


def _areas(candidates: Floats) -> Floats:
    sides = candidates[..., 1, :] - candidates[..., 0, :]
    return np.asarray(np.prod(sides, axis=-1), np.float32)


def _grid(side: int, stride: int, count: int) -> Floats:
    centres = (np.arange(side // stride, dtype=np.float32) + 0.5) * stride
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0).astype(np.float32, copy=False)
