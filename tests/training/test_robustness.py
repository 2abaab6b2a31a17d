import numpy as np
import pytest
from conftest import made_up_pictures

from training import robustness
from training.robustness import CONDITIONS


def face() -> np.ndarray:
    """Gray with a bright mouth below the middle and a dark left eye."""
    crop = np.full((48, 48), 100, np.uint8)
    crop[35:38, 16:32] = 200
    crop[17:21, 13:18] = 20
    return crop


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_changes_crops_and_keeps_their_form(name: str) -> None:
    crops = made_up_pictures(3, seed=0)[0]
    before = crops.copy()
    harder = CONDITIONS[name].of(crops)
    assert (harder.shape, harder.dtype) == (crops.shape, np.uint8)
    assert (harder != crops).any(axis=(1, 2)).all()
    assert (crops == before).all(), "the crops that were given are left alone"


def test_eight_conditions_are_measured() -> None:
    assert len(CONDITIONS) == 8
    assert len({condition.description for condition in CONDITIONS.values()}) == 8


def test_a_darker_crop_has_half_the_brightness() -> None:
    assert (robustness.darker(face()) == np.rint(face() * 0.5)).all()


def test_a_flatter_crop_keeps_its_mean_and_loses_half_its_spread() -> None:
    flatter = robustness.flatter(face())
    assert flatter.mean() == pytest.approx(face().mean(), abs=0.5)
    assert flatter.std() == pytest.approx(face().std() / 2, rel=0.05)


def test_blur_and_compression_leave_a_plain_crop_as_it_was() -> None:
    plain = np.full((48, 48), 77, np.uint8)
    assert (robustness.blurred(plain) == 77).all()
    assert (np.abs(robustness.compressed(plain).astype(int) - 77) <= 1).all()


def test_a_positive_rotation_is_counter_clockwise() -> None:
    crop = np.zeros((48, 48), np.uint8)
    crop[22:26, 38:42] = 255  # to the right of the centre
    rows, columns = np.nonzero(robustness.rotated(crop, 20.0) > 128)
    assert rows.mean() == pytest.approx(23.5 - 16 * np.sin(np.radians(20)), abs=0.5), "it rises"
    assert columns.mean() == pytest.approx(23.5 + 16 * np.cos(np.radians(20)), abs=0.5)


def test_a_rotation_brings_no_black_corners_in() -> None:
    assert (robustness.rotated(np.full((48, 48), 90, np.uint8), -20.0) == 90).all()


def test_covers_hide_what_they_are_named_for_and_nothing_else() -> None:
    without_mouth, without_eyes = robustness.without_lower_half(face()), robustness.without_eyes(face())
    assert not (without_mouth == 200).any()
    assert (without_mouth[:24] == face()[:24]).all()
    assert not (without_eyes == 20).any()
    assert (without_eyes[25:] == face()[25:]).all()
