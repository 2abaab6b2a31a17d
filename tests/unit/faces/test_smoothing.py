import pytest

from faces.smoothing import Smoother


def test_the_first_probabilities_of_a_face_are_taken_as_they_are() -> None:
    assert Smoother().update(1, [0.25, 0.75], 0.0, 0.9) == [0.25, 0.75]


def test_without_smoothing_the_raw_values_come_back() -> None:
    smoother = Smoother()
    smoother.update(1, [1.0, 0.0], 0.0, 0.0)
    assert smoother.update(1, [0.0, 1.0], 0.01, 0.0) == [0.0, 1.0]


def test_after_a_tenth_of_a_second_the_stated_share_is_left() -> None:
    smoother = Smoother()
    smoother.update(1, [1.0, 0.0], 0.0, 0.6)
    assert smoother.update(1, [0.0, 1.0], 0.1, 0.6) == pytest.approx([0.6, 0.4])


def test_the_curve_does_not_depend_on_the_frame_rate() -> None:
    slow, fast = Smoother(), Smoother()
    slow.update(1, [1.0, 0.0], 0.0, 0.8)
    fast.update(1, [1.0, 0.0], 0.0, 0.8)
    for step in range(1, 10):
        fast.update(1, [0.0, 1.0], step * 0.02, 0.8)
    assert fast.update(1, [0.0, 1.0], 0.2, 0.8) == pytest.approx(slow.update(1, [0.0, 1.0], 0.2, 0.8))


def test_faces_do_not_mix_and_are_forgotten_when_no_longer_followed() -> None:
    smoother = Smoother()
    smoother.update(1, [1.0, 0.0], 0.0, 0.9)
    assert smoother.update(2, [0.0, 1.0], 0.0, 0.9) == [0.0, 1.0]
    smoother.forget_all_but({2})
    assert smoother.update(1, [0.0, 1.0], 0.1, 0.9) == [0.0, 1.0]
