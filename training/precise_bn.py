"""The statistics of batch normalisation, measured anew on pictures as they are.

What a network's normalisations remember is what training showed them: pictures warped (which blurs them), relit, partly
erased and mixed. A crop that it is asked about is nothing of that, so every layer would see its input a little shifted
and spread. The remedy is PreciseBN (Wu and Johnson, arXiv 2105.07576): some thousand training pictures, not varied, and
the statistics of the network that normalises by these very batches.
"""

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from training.augmentation import Augmentation, augment, mix_up
from training.checkpoint import Checkpoint
from training.fer2013 import some_of
from training.zoo.normalisation import BatchNormalization, Statistics, mean_of, restate, seen_by

MEASURED_ON = "precise_bn"  # the configuration's name for how many pictures they were measured on
PICTURES = 4096
BATCH = 256
SEED = 1


def with_precise_bn(model: keras.Model, checkpoint: Checkpoint, pictures: NDArray[np.uint8]) -> Checkpoint:
    """The checkpoint that `model` was rebuilt from, with its normalisations' statistics measured on some training
    pictures uint8 [n, 48, 48]; `model` has them afterwards, too.

    In an exported version the statistics that were learned are folded into the kernels before them. What they were is
    told by the pictures varied as they were in training. A version that has them measured already stays as it is.
    """
    if checkpoint.configuration.get(MEASURED_ON):
        return checkpoint
    layers = _measured(model)
    if not layers:
        return checkpoint
    some = some_of(pictures[..., None], PICTURES, SEED)
    unfold(model, checkpoint, pictures)
    for layer, (mean, variance) in zip(layers, _normalised_by_the_batch(model, layers, some), strict=True):
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
    own = [weight.numpy() for weight in model.weights]
    configuration = checkpoint.configuration | {MEASURED_ON: len(some)}
    return replace(checkpoint, configuration=configuration, averaged=own + checkpoint.averaged[len(own) :])


def unfold(model: keras.Model, checkpoint: Checkpoint, pictures: NDArray[np.uint8]) -> None:
    """Gives the normalisations of an exported version, which `model` was rebuilt from, the statistics that are folded
    into its kernels; it answers as before. A run's has them.
    """
    if checkpoint.variables:
        return
    layers, some = _measured(model), some_of(pictures[..., None], PICTURES, SEED)
    as_they_are = bool(checkpoint.configuration.get(MEASURED_ON))
    augmentation = Augmentation(**checkpoint.configuration["augmentation"])
    learned_from = _batches(some, "statistics") if as_they_are else varied(some, augmentation)
    for layer, statistics in zip(layers, seen_by(layers, model, learned_from), strict=True):
        restate(layer, *statistics)


def _measured(model: keras.Model) -> list[BatchNormalization]:
    return [layer for layer in model.layers if isinstance(layer, BatchNormalization) and layer.trainable]


def _batches(pictures: NDArray[np.uint8], what: str) -> Iterator[tf.Tensor]:
    for start in tqdm(range(0, len(pictures), BATCH), desc=what, unit="batch", mininterval=5.0):
        yield tf.cast(pictures[start : start + BATCH], tf.float32)


def varied(pictures: NDArray[np.uint8], augmentation: Augmentation) -> Iterator[tf.Tensor]:
    """Batches of the pictures [n, 48, 48, 1], varied as in training."""
    for number, batch in enumerate(_batches(pictures, "statistics as learned")):
        seed = tf.constant([SEED, number * BATCH])
        warped = augment(batch, seed, augmentation, batch.shape[1])
        yield mix_up(warped, tf.zeros([batch.shape[0], 7]), seed, augmentation)[0]


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
    for batch in _batches(pictures, "statistics of pictures as they are"):
        step(batch)
        measured.append([(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in layers])
    for layer, momentum in zip(layers, kept[0], strict=True):
        layer.momentum = momentum
    for layer, rate in zip(dropouts, kept[1], strict=True):
        layer.rate = rate
    return mean_of(measured)
