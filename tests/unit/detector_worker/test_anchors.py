"""Anchors, candidates and their merging."""

import numpy as np

from detector_worker.anchors import (
    anchor_centres,
    decode_candidates,
    drop_repeated,
    merge_overlapping,
    sigmoid,
)


def candidate(left, top, right, bottom):
    return np.array([[left, top], [right, bottom], *[[(left + right) / 2, (top + bottom) / 2]] * 6], np.float32)


def test_the_short_range_has_896_anchors_two_a_fine_cell_then_six_a_coarse_one():
    centres = anchor_centres(128, ((8, 2), (16, 6)))
    assert centres.shape == (896, 2)
    assert centres[:4].tolist() == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert centres[512].tolist() == [8, 8]
    assert centres[-1].tolist() == [120, 120]


def test_raw_numbers_are_pixels_from_the_anchor():
    raw = np.array([[1, 2, 10, 20, *[3, 4] * 6]], np.float32)
    decoded = decode_candidates(raw, np.array([[50, 60]], np.float32))[0]
    assert decoded[:3].tolist() == [[46, 52], [56, 72], [53, 64]]


def test_decoding_leaves_the_raw_numbers_alone():
    raw = np.ones((1, 16), np.float32)
    decode_candidates(raw, np.array([[50, 60]], np.float32))
    assert (raw == 1).all()


def test_overlapping_candidates_become_their_mean_weighted_by_score():
    candidates = np.stack([candidate(0, 0, 10, 10), candidate(2, 0, 12, 10), candidate(50, 50, 60, 60)])
    scores, merged = merge_overlapping(np.array([0.9, 0.6, 0.7], np.float32), candidates)
    assert scores.tolist() == np.array([0.9, 0.7], np.float32).tolist()
    assert np.allclose(merged[0, 0], [0.8, 0])
    assert np.allclose(merged[1], candidates[2])


def test_nothing_merges_to_nothing():
    scores, merged = merge_overlapping(np.zeros(0, np.float32), np.zeros((0, 8, 2), np.float32))
    assert scores.shape == (0,)
    assert merged.shape == (0, 8, 2)


def test_an_empty_box_ends_the_merging_too():
    scores, _ = merge_overlapping(np.array([0.9], np.float32), candidate(5, 5, 5, 5)[None])
    assert len(scores) == 1


def test_a_box_within_another_is_the_same_face_and_the_surer_stays():
    candidates = np.stack([candidate(0, 0, 40, 40), candidate(10, 10, 20, 20), candidate(38, 0, 60, 22)])
    scores, kept = drop_repeated(np.array([0.6, 0.9, 0.7], np.float32), candidates)
    assert scores.tolist() == np.array([0.9, 0.7], np.float32).tolist()
    assert np.array_equal(kept, candidates[[1, 2]])


def test_sigmoid_takes_the_largest_numbers_without_a_warning():
    assert np.allclose(sigmoid(np.array([-1e30, 0, 1e30], np.float32)), [0, 0.5, 1])
