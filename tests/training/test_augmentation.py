from dataclasses import replace

import numpy as np
import tensorflow as tf
from conftest import made_up_pictures

from training.augmentation import Augmentation, augment, mix_up

UNCHANGED = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def pictures() -> tf.Tensor:
    return tf.constant(made_up_pictures(16, seed=0)[0][..., None].astype(np.float32))


def test_with_every_range_at_nothing_a_picture_is_only_mirrored() -> None:
    varied = augment(pictures(), tf.constant([1, 1]), UNCHANGED, resolution=48).numpy()
    original = pictures().numpy()
    same = np.isclose(varied, original, atol=1e-3).all(axis=(1, 2, 3))
    mirrored = np.isclose(varied, original[:, :, ::-1], atol=1e-3).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_without_mirroring_too_a_picture_stays_as_it_is() -> None:
    varied = augment(pictures(), tf.constant([1, 1]), replace(UNCHANGED, mirror=False), resolution=48).numpy()
    np.testing.assert_allclose(varied, pictures().numpy(), atol=1e-3)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others() -> None:
    first, again, other = (
        augment(pictures(), tf.constant([1, step]), Augmentation(), resolution=48).numpy() for step in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_values_stay_within_those_of_a_picture() -> None:
    varied = augment(pictures(), tf.constant([1, 1]), Augmentation(), resolution=48).numpy()
    assert varied.min() >= 0.0
    assert varied.max() <= 255.0


def test_a_smaller_resolution_keeps_the_picture_centred() -> None:
    left_half_bright = np.zeros((1, 48, 48, 1), np.float32)
    left_half_bright[:, :, :24] = 200.0
    varied = augment(tf.constant(left_half_bright), tf.constant([1, 1]), UNCHANGED, resolution=32).numpy()
    assert varied.shape == (1, 32, 32, 1)
    halves = sorted([varied[:, :, :16].mean(), varied[:, :, 16:].mean()])
    assert np.allclose(halves, [0.0, 200.0], atol=1e-3)


def test_erasing_paints_one_rectangle_in_one_gray() -> None:
    flat = tf.fill([8, 48, 48, 1], 100.0)
    erased = augment(flat, tf.constant([1, 1]), Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=1.0), 48).numpy()
    for picture in erased[..., 0]:
        rows, columns = np.nonzero(picture != 100.0)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert len(rows) == height * width
        assert 6 <= height <= 25
        assert 6 <= width <= 25
        assert len(np.unique(picture)) == 2


def test_mixing_up_blends_each_picture_and_its_label_with_anothers_by_the_same_share() -> None:
    labels = tf.constant(np.eye(7, dtype=np.float32)[np.arange(16) % 7])
    mixed, mixed_labels = mix_up(pictures(), labels, tf.constant([1, 1]), replace(UNCHANGED, mixup=1.0))
    share = mixed_labels[0, 0]  # the first picture has label 0, the last one 1
    assert 0.0 < share < 1.0
    np.testing.assert_allclose(mixed, share * pictures() + (1.0 - share) * pictures()[::-1], rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(mixed_labels, axis=1), 1.0, rtol=1e-5)


def test_a_small_alpha_hardly_mixes() -> None:
    labels = tf.constant(np.eye(7, dtype=np.float32)[np.arange(16) % 7])
    shares = [
        float(mix_up(pictures(), labels, tf.constant([1, step]), replace(UNCHANGED, mixup=0.01))[1][0, 0])
        for step in range(50)
    ]
    assert sum(min(share, 1.0 - share) > 0.01 for share in shares) <= 5
    assert np.isfinite(shares).all()


def test_without_mixing_up_pictures_and_labels_stay_as_they_are() -> None:
    labels = tf.constant(np.eye(7, dtype=np.float32)[np.arange(16) % 7])
    mixed, mixed_labels = mix_up(pictures(), labels, tf.constant([1, 1]), UNCHANGED)
    assert (mixed.numpy() == pictures().numpy()).all()
    assert (mixed_labels.numpy() == labels.numpy()).all()


COUNT = 200


def bright_spots(at: tuple[int, int] = (24, 40)) -> tf.Tensor:
    """The same picture many times: black, with a spot of 5×5."""
    picture = np.zeros((COUNT, 48, 48, 1), np.float32)
    picture[:, at[0] - 2 : at[0] + 3, at[1] - 2 : at[1] + 3] = 255.0
    return tf.constant(picture)


def where_they_are(pictures: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """How far below and right of the middle the light is, in pixels."""
    light = pictures.numpy()[..., 0]
    place = np.arange(48) - 23.5
    total = light.sum(axis=(1, 2))
    return (light.sum(axis=2) * place).sum(axis=1) / total, (light.sum(axis=1) * place).sum(axis=1) / total


def spread_out(values: np.ndarray, most: float) -> None:
    """From end to end of what is allowed, on both sides, and no further."""
    assert np.abs(values).max() <= most * 1.02 + 0.02
    assert values.max() > 0.9 * most
    assert values.min() < -0.9 * most


def test_pictures_are_turned_by_up_to_so_many_degrees_either_way() -> None:
    turned = augment(bright_spots(), tf.constant([1, 1]), replace(UNCHANGED, rotation_degrees=10.0, mirror=False), 48)
    down, right = where_they_are(turned)
    start = np.degrees(np.arctan2(0.5, 16.5))
    spread_out(np.degrees(np.arctan2(down, right)) - start, 10.0)
    np.testing.assert_allclose(np.hypot(down, right), np.hypot(0.5, 16.5), rtol=0.02)


def test_pictures_are_zoomed_by_up_to_a_share_in_and_out() -> None:
    zoomed = augment(bright_spots((40, 40)), tf.constant([1, 1]), replace(UNCHANGED, zoom=0.1, mirror=False), 48)
    down, right = where_they_are(zoomed)
    np.testing.assert_allclose(down, right, rtol=1e-3)
    spread_out(16.5 / right - 1.0, 0.1)


def test_pictures_are_shifted_by_up_to_a_share_of_their_side_along_both_axes() -> None:
    shifted = augment(bright_spots((24, 24)), tf.constant([1, 1]), replace(UNCHANGED, shift=0.1, mirror=False), 48)
    down, right = where_they_are(shifted)
    for moved in (down - 0.5, right - 0.5):
        spread_out(moved, 4.8)
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.3, "each axis by itself"


def test_pictures_are_made_brighter_and_darker_by_up_to_a_share_of_the_middle_gray() -> None:
    relit = augment(tf.fill([COUNT, 48, 48, 1], 128.0), tf.constant([1, 1]), replace(UNCHANGED, brightness=0.25), 48)
    spread_out(relit.numpy().mean(axis=(1, 2, 3)) - 128.0, 32.0)


def test_contrast_is_stretched_and_pressed_about_each_pictures_mean() -> None:
    halves = np.full((COUNT, 48, 48, 1), 100.0, np.float32)
    halves[:, 24:] = 150.0
    relit = augment(tf.constant(halves), tf.constant([1, 1]), replace(UNCHANGED, contrast=0.2), 48).numpy()
    np.testing.assert_allclose(relit.mean(axis=(1, 2, 3)), 125.0, atol=0.01)
    spread_out((relit[:, 40, 5, 0] - relit[:, 5, 5, 0]) / 50.0 - 1.0, 0.2)
