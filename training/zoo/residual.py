"""A compact residual network (He et al., arXiv 1512.03385) sized for one 48x48 face on a CPU.

A 3x3 stem of 32 filters, seven two-convolution blocks, global average pooling: 1.62 million
parameters, 68.5 million multiply-accumulates a picture.
"""

import keras
from keras import KerasTensor, layers

from training.zoo.normalisation import BatchNormalization
from training.zoo.stem import centred

STEM_FILTERS = 32
BLOCKS = ((32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2))  # filters, stride


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((None, None, 1), name="pictures")  # early epochs read smaller pictures
    x = _convolution(centred(pictures), STEM_FILTERS, kernel_size=3)
    x = layers.Activation("relu")(x)
    for filters, stride in BLOCKS:
        x = _block(x, filters, stride)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    logits = layers.Dense(7, dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="residual")


def _block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""
    y = _convolution(x, filters, kernel_size=3, stride=stride)
    y = layers.Activation("relu")(y)
    y = _convolution(y, filters, kernel_size=3)
    if stride != 1 or x.shape[-1] != filters:
        x = _convolution(x, filters, kernel_size=1, stride=stride)
    return layers.Activation("relu")(layers.Add()([x, y]))


def _convolution(x: KerasTensor, filters: int, kernel_size: int, stride: int = 1) -> KerasTensor:
    x = layers.Conv2D(filters, kernel_size, strides=stride, padding="same", use_bias=False)(x)
    return BatchNormalization()(x)
