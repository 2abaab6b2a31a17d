"""Batch normalisation folded into the convolution before it, as every converter for inference does.

What is exported rounds kernels to half precision. Rounded after folding, the SavedModel and the `.tflite` made of it
round the same numbers; rounded before, each would be off by its own errors.
"""

from collections.abc import Iterator

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray


def folded_weights(model: keras.Model) -> list[NDArray[np.floating]]:
    """The values of `model.weights` with which the network answers the same and its normalisations only shift.

    Folded are those behind a convolution without bias and activation; others stay as they are.
    """
    values = {id(weight): weight.numpy() for weight in model.weights}
    for convolution, normalisation in _pairs(model):
        *gamma, beta, mean, variance = (values[id(weight)] for weight in normalisation.weights)
        gain = np.prod(gamma, axis=0) / np.sqrt(variance + normalisation.epsilon)
        by_channel = gain[:, None] if isinstance(convolution, layers.DepthwiseConv2D) else gain
        values[id(convolution.kernel)] = values[id(convolution.kernel)] * by_channel
        unchanged = (
            *map(np.ones_like, gamma),  # which some normalisations have not
            beta - gain * mean,
            np.zeros_like(mean),
            np.full_like(variance, 1.0 - normalisation.epsilon),
        )
        values |= {id(weight): value for weight, value in zip(normalisation.weights, unchanged, strict=True)}
    return [values[id(weight)] for weight in model.weights]


def _pairs(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Each convolution that only adds and multiplies, with the normalisation that reads it; in a backbone, too."""
    convolutions = {id(layer.output): layer for layer in model.layers if _is_plain(layer)}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _pairs(layer)
        elif isinstance(layer, layers.BatchNormalization) and id(layer.input) in convolutions:
            yield convolutions[id(layer.input)], layer


def _is_plain(layer: keras.layers.Layer) -> bool:
    convolves = isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D)
    return convolves and not layer.use_bias and layer.activation is keras.activations.linear
