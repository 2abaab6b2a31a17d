"""The statistics of batch normalisation, measured anew on pictures as they are.

What a network's normalisations remember is what training showed them: pictures warped (which blurs them), relit, partly
erased and mixed. A crop that it is asked about is nothing of that, so every layer would see its input a little shifted
and spread. The remedy is PreciseBN (Wu and Johnson, arXiv 2105.07576, which section 5 on other domains has, too): some
thousand training pictures, not varied, and the statistics of the network that normalises by these very batches.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from training.augmentation import Augmentation, augment, mix_up
from training.checkpoint import Checkpoint
from training.zoo.normalisation import BatchNormalization

MEASURED_ON = "precise_bn"  # the configuration's name for how many pictures they were measured on
PICTURES = 4096
BATCH = 256
SEED = 1

Statistics = list[tuple[NDArray[np.floating], NDArray[np.floating]]]
"""Of each normalisation the mean and the variance [c] of its input."""


def with_precise_bn(model: keras.Model, checkpoint: Checkpoint, pictures: NDArray[np.uint8]) -> Checkpoint:
    """The checkpoint that `model` was rebuilt from, with its normalisations' statistics measured on some training
    pictures uint8 [n, 48, 48]; `model` has them afterwards, too.

    In an exported version the statistics that were learned are folded into the kernels before them. What they were is
    told by the pictures varied as they were in training. A version that has them measured already stays as it is.
    """
    if checkpoint.configuration.get(MEASURED_ON):
        return checkpoint
    layers = [layer for layer in model.layers if isinstance(layer, BatchNormalization) and layer.trainable]
    if not layers:
        return checkpoint
    chosen = np.random.default_rng(SEED).choice(len(pictures), min(PICTURES, len(pictures)), replace=False)
    some = pictures[chosen, :, :, None]
    if not checkpoint.variables:  # an exported version's
        _unfold(layers, _seen(model, layers, some, Augmentation(**checkpoint.configuration["augmentation"])))
    for layer, (mean, variance) in zip(layers, _normalised_by_the_batch(model, layers, some), strict=True):
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
    own = [weight.numpy() for weight in model.weights]
    configuration = checkpoint.configuration | {MEASURED_ON: len(some)}
    return replace(checkpoint, configuration=configuration, averaged=own + checkpoint.averaged[len(own) :])


def _batches(pictures: NDArray[np.uint8], what: str) -> Iterator[tuple[int, tf.Tensor]]:
    for start in tqdm(range(0, len(pictures), BATCH), desc=what, unit="batch", mininterval=5.0):
        yield start, tf.cast(pictures[start : start + BATCH], tf.float32)


def _seen(
    model: keras.Model, layers: list[BatchNormalization], pictures: NDArray[np.uint8], augmentation: Augmentation
) -> Statistics:
    """What the normalisations read of the pictures [n, 48, 48, 1], varied as in training."""
    watched = keras.Model(model.input, [layer.input for layer in layers])

    @tf.function
    def moments(batch: tf.Tensor, seed: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
        varied = augment(batch, seed, augmentation, batch.shape[1])
        mixed, _ = mix_up(varied, tf.zeros([batch.shape[0], 7]), seed, augmentation)
        return [tf.nn.moments(seen, list(range(len(seen.shape) - 1))) for seen in tf.nest.flatten(watched(mixed))]

    batches = _batches(pictures, "statistics as learned")
    return _mean([moments(batch, tf.constant([SEED, start])) for start, batch in batches])


def _unfold(layers: list[BatchNormalization], statistics: Statistics) -> None:
    """Give folded normalisations these statistics without changing what they answer."""
    for layer, (mean, variance) in zip(layers, statistics, strict=True):
        gamma, beta, old_mean, old_variance = layer.get_weights()
        gain = gamma / np.sqrt(old_variance + layer.epsilon)
        spread = np.sqrt(variance + layer.epsilon)
        layer.set_weights([gain * spread, beta + gain * (mean - old_mean), mean, variance])


def _normalised_by_the_batch(
    model: keras.Model, layers: list[BatchNormalization], pictures: NDArray[np.uint8]
) -> Statistics:
    """What the normalisations read of the pictures [n, 48, 48, 1] as they are, where each is normalised by its batch.

    Layer by layer the statistics of what stands before are the new ones; nothing is dropped out.
    """
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    kept = [layer.momentum for layer in layers], [layer.rate for layer in dropouts]
    for layer in layers:
        layer.momentum = 0.0  # so that the batch's own are what it remembers
    for layer in dropouts:
        layer.rate = 0.0
    step = tf.function(lambda batch: model(batch, training=True))
    measured = []
    for _, batch in _batches(pictures, "statistics of pictures as they are"):
        step(batch)
        measured.append([(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in layers])
    for layer, momentum in zip(layers, kept[0], strict=True):
        layer.momentum = momentum
    for layer, rate in zip(dropouts, kept[1], strict=True):
        layer.rate = rate
    return _mean(measured)


def _mean(measured: list[list[tuple[Any, Any]]]) -> Statistics:
    """Of all batches: the mean of their means, and of their variances and of how their means vary."""
    statistics = []
    for of_layer in zip(*measured, strict=True):
        means, variances = (np.array(each) for each in zip(*of_layer, strict=True))
        statistics.append((means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)))
    return statistics
