"""Random variations of a batch of pictures, cheap enough for a CPU: one warp, one gain, one rectangle, one mixture.

All draws are stateless: the same seed gives the same pictures, so a resumed run repeats an unbroken one.
"""

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a picture may be varied; every range is symmetric about "unchanged"."""

    rotation_degrees: float = 12.0
    zoom: float = 0.12
    shift: float = 0.12  # of the picture's width and height
    brightness: float = 0.3  # of the middle gray, 128
    contrast: float = 0.3
    erasing: float = 0.5  # probability of a rectangle painted over
    mixup: float = 0.0  # Beta(mixup, mixup) tells how two pictures are mixed; 0 leaves them apart
    mirror: bool = True  # every other picture


def augment(pictures: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation, resolution: int) -> tf.Tensor:
    """Pictures float [n, 48, 48, 1] in 0..255 -> [n, resolution, resolution, 1]; `seed` int32 [2]."""
    seeds = tf.unstack(tf.random.split(seed, 3))
    pictures = _warp(pictures, seeds[0], augmentation, resolution)
    pictures = _relight(pictures, seeds[1], augmentation)
    return _erase(pictures, seeds[2], augmentation)


def mix_up(
    pictures: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix each picture and its label [n, 7] with those of another of the batch (arXiv 1710.09412)."""
    if augmentation.mixup <= 0.0:
        return pictures, labels
    # A Beta draw is the share of one of two Gamma draws. `augment` uses the first three seeds.
    last_seed = tf.random.split(seed, 4)[3]
    # In float64, since of a small alpha both draws may be too small for a float32 and would then seem equal.
    ours, theirs = tf.unstack(tf.random.stateless_gamma([2], last_seed, augmentation.mixup, dtype=tf.float64))
    share = tf.cast(ours / (ours + theirs), tf.float32)
    mixed = share * pictures + (1.0 - share) * tf.reverse(pictures, [0])
    return mixed, share * labels + (1.0 - share) * tf.reverse(labels, [0])


def _warp(pictures: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation, resolution: int) -> tf.Tensor:
    """Mirror, rotation, zoom, shift and the change of resolution in one bilinear transform."""
    count, size = tf.shape(pictures)[0], pictures.shape[1]
    angle, zoom, shift_x, shift_y, side = tf.unstack(_uniform([5, count], seed, -1.0, 1.0))
    angle *= augmentation.rotation_degrees * 3.14159265 / 180.0
    step = (size / resolution) * (1.0 + augmentation.zoom * zoom)  # input pixels per output pixel
    mirror = tf.where((side < 0.0) & augmentation.mirror, -1.0, 1.0)
    cosine, sine = tf.cos(angle) * step, tf.sin(angle) * step
    out_centre, in_centre = (resolution - 1) / 2.0, (size - 1) / 2.0
    rows = (
        (mirror * cosine, -sine, augmentation.shift * size * shift_x),
        (mirror * sine, cosine, augmentation.shift * size * shift_y),
    )
    coefficients = [value for a, b, shift in rows for value in (a, b, in_centre + shift - (a + b) * out_centre)]
    zeros = tf.zeros([count])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack([*coefficients, zeros, zeros], axis=1),
        output_shape=[resolution, resolution],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )


def _relight(pictures: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation) -> tf.Tensor:
    """Stretch each picture's values about its own mean, then shift them; clipped to 0..255."""
    gain, offset = tf.unstack(_uniform([2, tf.shape(pictures)[0], 1, 1, 1], seed, -1.0, 1.0))
    mean = tf.reduce_mean(pictures, axis=[1, 2, 3], keepdims=True)
    stretched = (pictures - mean) * (1.0 + augmentation.contrast * gain) + mean
    return tf.clip_by_value(stretched + 128.0 * augmentation.brightness * offset, 0.0, 255.0)


def _erase(pictures: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation) -> tf.Tensor:
    """Paint over a rectangle with sides of 15 to 50 % in one gray (arXiv 1708.04896)."""
    count, size = tf.shape(pictures)[0], pictures.shape[1]
    draws = tf.unstack(_uniform([6, count, 1, 1, 1], seed, 0.0, 1.0))
    height, width = 0.15 + 0.35 * draws[0], 0.15 + 0.35 * draws[1]
    top, left = draws[2] * (1.0 - height), draws[3] * (1.0 - width)
    position = tf.range(size, dtype=tf.float32) / size
    rows, columns = tf.reshape(position, [1, size, 1, 1]), tf.reshape(position, [1, 1, size, 1])
    inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
    return tf.where(inside & (draws[4] < augmentation.erasing), 255.0 * draws[5], pictures)


def _uniform(shape: list[int | tf.Tensor], seed: tf.Tensor, low: float, high: float) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high)
