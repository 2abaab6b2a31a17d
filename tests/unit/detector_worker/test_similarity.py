"""Similarity transforms: fitted, composed and drawn."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector_worker.similarity import Similarity, draw, fit_similarity, seen_part

POINTS = np.array([0 + 0j, 10 + 1j, 4 + 7j, 5 + 12j])
WEIGHTS = np.array([1.0, 1.0, 0.5, 1.0])
numbers = st.floats(-100, 100)


@given(st.floats(0.05, 20), st.floats(-3.1, 3.1), numbers, numbers)
def test_a_fit_finds_the_similarity_that_moved_the_points(scale, angle, x, y):
    moved = Similarity(scale * np.exp(1j * angle), complex(x, y))
    fitted = fit_similarity(POINTS, moved(POINTS), WEIGHTS)
    assert fitted is not None
    assert np.allclose(fitted(POINTS), moved(POINTS), atol=1e-6)


def test_a_fit_never_mirrors():
    fitted = fit_similarity(POINTS, -np.conj(POINTS), WEIGHTS)
    assert fitted is not None
    matrix = np.array([[fitted.turn.real, -fitted.turn.imag], [fitted.turn.imag, fitted.turn.real]])
    assert np.linalg.det(matrix) > 0


def test_points_in_one_heap_give_no_similarity():
    assert fit_similarity(np.full(4, 7 + 7j), POINTS, WEIGHTS) is None


def test_an_inverse_brings_a_point_back():
    similarity = Similarity(2 + 1j, 5 - 3j)
    assert similarity.inverse()(similarity(4 + 9j)) == pytest.approx(4 + 9j)


def test_one_map_then_another_is_both():
    assert Similarity(2j, 1 + 0j).then(3, 1j)(5 + 0j) == 3 * (2j * 5 + 1) + 1j


def test_drawing_in_place_copies_the_image(astronaut):
    assert np.array_equal(draw(astronaut, Similarity(1 + 0j, 0j), 512), astronaut)


def test_shrinking_by_a_whole_number_is_the_mean_of_each_area(astronaut):
    expected = cv2.resize(astronaut, (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(draw(astronaut, Similarity(1 / 8 + 0j, 0j), 64).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("shrinking", [2.0, 3.3, 7.7, 16.0])
@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_fine_pattern_becomes_gray_and_no_coarse_pattern_when_shrunk(shrinking, angle):
    """Without averaging a pattern of single pixels aliases: the stripes keep a contrast of 127."""
    stripes = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (400, 400))
    turn = np.exp(1j * angle) / shrinking
    drawn = draw(stripes, Similarity(turn, 24 + 24j - turn * (400 + 400j)), 48, oversampling=3)
    assert drawn.std() < 12
    assert abs(drawn.mean() - 127.5) < 2


def test_the_seen_part_draws_what_the_whole_image_draws(astronaut):
    turn = 0.3 * np.exp(0.4j)
    similarity = Similarity(turn, 24 + 24j - turn * (222 + 110j))
    part, to_square = seen_part(astronaut, similarity, 48)
    assert part.size < astronaut.size / 4
    difference = draw(part, to_square, 48, 3).astype(int) - draw(astronaut, similarity, 48, 3)
    assert np.abs(difference).mean() < 2  # the areas averaged begin at another pixel


@pytest.mark.parametrize("shift", [1e5, -1e5])
def test_a_square_outside_the_image_repeats_its_edge(shift):
    part, to_square = seen_part(np.full((5, 9), 77, np.uint8), Similarity(1 + 0j, complex(shift, shift)), 48)
    assert part.size >= 1
    assert (draw(part, to_square, 48) == 77).all()
