"""Which part of a crop a vote leans on: cover it piece by piece and see how much the label loses.

Occlusion sensitivity (Zeiler and Fergus, arXiv 1311.2901). It asks nothing of a network but its predictions, so it
works for any member and for the vote of all.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from contracts.geometry import CROP_SIZE

PATCH: Final = 12
"""Side of the covering square, in pixels of the crop: about an eye or a mouth's half."""

STEP: Final = 4
CELLS: Final = CROP_SIZE // STEP
"""Side of the map: one cell for each square of STEP × STEP pixels."""

_STARTS: Final = range(0, CROP_SIZE - PATCH + 1, STEP)


def covered(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Crop [48, 48] -> copies [100, 48, 48], each with one square painted over in the crop's mean gray, row by row."""
    places = [(top, left) for top in _STARTS for left in _STARTS]
    copies = np.repeat(crop[None], len(places), axis=0)
    gray = round(float(crop.mean()))
    for copy, (top, left) in zip(copies, places, strict=True):
        copy[top : top + PATCH, left : left + PATCH] = gray
    return copies


def importance(probability: float, when_covered: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """How much of a label's `probability` each cell is worth, float64 [CELLS, CELLS].

    `when_covered` [100] is the label's probability for each of `covered`'s copies, in their order. A cell is worth the
    mean of what was lost by the squares that covered it; below zero, the label gains without it.
    """
    lost = np.zeros((CELLS, CELLS))
    times = np.zeros((CELLS, CELLS))
    side = PATCH // STEP
    for drop, (row, column) in zip(probability - when_covered, np.ndindex(len(_STARTS), len(_STARTS)), strict=True):
        lost[row : row + side, column : column + side] += drop
        times[row : row + side, column : column + side] += 1
    return lost / times
