"""Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167) by TensorFlow's fused kernel."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Statistics = list[tuple[NDArray[np.floating], NDArray[np.floating]]]
"""Of each normalisation the mean and the variance [c] of its input."""


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, with pictures' training step in one kernel instead of a dozen element-wise ones.

    Keras 3 spells the step out in small operations; on a CPU those take a quarter of the residual
    network's training step, and half of it in bfloat16. Everything else is Keras's own.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Float [n, height, width, channels], normalised by the batch in training, else or if frozen by the moving
        statistics.
        """
        if not (training and self.trainable) or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        # The statistics stay float32 under mixed precision, so the variables' own values are read.
        normalised, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.convert_to_tensor(self.gamma.value),
            tf.convert_to_tensor(self.beta.value),
            epsilon=self.epsilon,
            is_training=True,
        )
        self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1.0 - self.momentum))
        self.moving_variance.assign(self.moving_variance * self.momentum + variance * (1.0 - self.momentum))
        return normalised


def seen_by(
    layers: Sequence[keras.layers.BatchNormalization], model: keras.Model, batches: Iterable[tf.Tensor]
) -> Statistics:
    """What the model's `layers` read of the batches of pictures float [n, h, w, 1], all as the model answers."""
    watched = keras.Model(model.input, [layer.input for layer in layers])
    moments = tf.function(lambda batch: [_moments(seen) for seen in tf.nest.flatten(watched(batch, training=False))])
    return mean_of([moments(batch) for batch in batches])


def mean_of(measured: Sequence[Sequence[tuple[tf.Tensor, tf.Tensor]]]) -> Statistics:
    """The statistics over all batches, of each batch's: variances are of what varies within batches and between."""
    statistics = []
    for of_layer in zip(*measured, strict=True):
        means, variances = (np.array(each) for each in zip(*of_layer, strict=True))
        statistics.append((means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)))
    return statistics


def restate(
    layer: keras.layers.BatchNormalization,
    mean: NDArray[np.floating],
    variance: NDArray[np.floating],
    scale: NDArray[np.floating] | float = 1.0,
) -> None:
    """Give the layer the mean and variance [c] of its input as statistics without changing what it answers; its input
    will be what it was, divided by `scale` [c].
    """
    gamma, beta, old_mean, old_variance = layer.get_weights()
    gain = gamma / np.sqrt(old_variance + layer.epsilon)
    spread = np.sqrt(variance / scale**2 + layer.epsilon)
    layer.set_weights([gain * scale * spread, beta + gain * (mean - old_mean), mean / scale, variance / scale**2])


def normalised_by(model: keras.Model, pictures: NDArray[np.uint8]) -> None:
    """Give each normalisation what it would measure on the pictures [n, 48, 48, 1], and all kernels one scale (He's).

    What the network answers stays the same, but from then on a step of training changes every layer alike.
    """
    normalisations = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    batches = (tf.cast(pictures[i : i + 128], tf.float32) for i in range(0, len(pictures), 128))
    for layer, (mean, variance) in zip(normalisations, seen_by(normalisations, model, batches), strict=True):
        convolution = model.get_layer(layer.name.removesuffix("_bn"))
        (kernel,) = convolution.get_weights()
        by_channel = kernel.reshape(-1, len(mean))
        scale = np.sqrt((by_channel**2).sum(axis=0) / 2.0) + 1e-8  # He's, of a kernel in front of a rectifier
        convolution.set_weights([(by_channel / scale).reshape(kernel.shape)])
        restate(layer, mean, variance, scale)


def _moments(seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance [c] of what a layer sees [n, …, c]; bfloat16 has too few digits for a sum of squares."""
    mean, variance = tf.nn.moments(tf.cast(seen, tf.float32), list(range(len(seen.shape) - 1)))
    return mean, variance
