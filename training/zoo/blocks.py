"""What the convolutional families share: a normalised convolution, and the head after the last one."""

import keras
from keras import KerasTensor, layers

from training.zoo.normalisation import BatchNormalization


def pictures_of_any_size() -> KerasTensor:
    """Pictures float [n, h, w, 1] in 0..255: fully convolutional networks read smaller ones early in training."""
    return keras.Input((None, None, 1), name="pictures")


def convolution(
    x: KerasTensor,
    filters: int,
    kernel_size: int = 3,
    stride: int = 1,
    *,
    activated: bool = True,
    epsilon: float = 1e-3,
) -> KerasTensor:
    """A convolution without bias, batch-normalised, and rectified unless told otherwise."""
    x = layers.Conv2D(filters, kernel_size, strides=stride, padding="same", use_bias=False)(x)
    x = BatchNormalization(epsilon=epsilon)(x)
    return layers.Activation("relu")(x) if activated else x


def classified(x: KerasTensor, dropout: float = 0.3) -> KerasTensor:
    """Features [n, h, w, c] -> logits float32 [n, 7]: global average, dropout, one dense layer."""
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    return layers.Dense(7, dtype="float32", name="logits")(x)
