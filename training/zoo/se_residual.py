"""A residual network whose blocks weigh their channels: squeeze and excitation (Hu et al., arXiv 1709.01507).

The attention that the original named as future work. Pooled to 24x24 right after the stem, so that the
blocks can be wide: 1.59 million parameters, 130 million multiply-accumulates a picture.
"""

import keras
from keras import KerasTensor, layers

from training.zoo.blocks import classified, convolution, pictures_of_any_size
from training.zoo.stem import centred

STEM_FILTERS = 32
BLOCKS = ((48, 1), (48, 1), (96, 2), (96, 1), (192, 2), (192, 1))  # filters, stride
REDUCTION = 8  # channels a hidden unit of the excitation


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = pictures_of_any_size()
    x = convolution(centred(pictures), STEM_FILTERS)
    x = layers.MaxPooling2D(2)(x)
    for filters, stride in BLOCKS:
        x = _block(x, filters, stride)
    return keras.Model(pictures, classified(x), name="se_residual")


def _block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    """Two convolutions, their channels weighed, beside a shortcut."""
    y = convolution(x, filters, stride=stride)
    y = convolution(y, filters, activated=False)
    y = layers.Multiply()([y, _weights_of_channels(y, filters)])
    if stride != 1 or x.shape[-1] != filters:
        x = convolution(x, filters, kernel_size=1, stride=stride, activated=False)
    return layers.Activation("relu")(layers.Add()([x, y]))


def _weights_of_channels(y: KerasTensor, filters: int) -> KerasTensor:
    """Squeeze to one number a channel, excite to a weight in 0..1 each."""
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(y)
    hidden = layers.Dense(filters // REDUCTION, activation="relu")(squeezed)
    return layers.Dense(filters, activation="sigmoid")(hidden)
