"""Occlusion maps of crops and members made for the test."""

import numpy as np
import pytest

from contracts.geometry import CROP_SIZE
from ensemble_worker.occlusion import CELLS, PATCH, covered, importance


def test_every_copy_differs_from_the_crop_in_one_square_of_its_mean_gray() -> None:
    crop = np.random.default_rng(1).choice(np.array([10, 200], np.uint8), (CROP_SIZE, CROP_SIZE))
    copies = covered(crop)
    assert copies.shape == (100, CROP_SIZE, CROP_SIZE)
    assert (copies[0][:PATCH, :PATCH] == round(crop.mean())).all()
    assert (copies[0][PATCH:] == crop[PATCH:]).all()
    assert (copies[-1][-PATCH:, -PATCH:] == round(crop.mean())).all()
    assert (copies != crop).any(axis=0).all(), "every pixel is covered once or more"


def test_a_member_that_reads_one_place_is_explained_by_that_place() -> None:
    crop = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    crop[20:24, 16:20] = 255  # row 5, column 4 of the cells

    def probability(picture: np.ndarray) -> float:
        return 0.1 + 0.8 * float(picture[20:24, 16:20].mean() / 255)

    cells = importance(probability(crop), np.array([probability(copy) for copy in covered(crop)]))
    assert cells.shape == (CELLS, CELLS)
    assert np.unravel_index(cells.argmax(), cells.shape) == (5, 4)
    assert cells[5, 4] == pytest.approx(0.8, abs=0.02)
    assert abs(cells[10:, 10:]).max() < 0.01


def test_a_part_that_speaks_against_the_label_counts_below_zero() -> None:
    assert importance(0.5, np.full(100, 0.75)).tolist() == np.full((CELLS, CELLS), -0.25).tolist()
