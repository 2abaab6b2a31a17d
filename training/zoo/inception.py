"""Convolutions of several sizes side by side: Inception (Szegedy et al., arXiv 1409.4842 and 1512.00567).

The 1x1 convolutions that begin the four branches are one wide convolution, split after it, which a CPU
trains a tenth faster than four; so the pooling branch pools what is already reduced. 1.26 million
parameters, 106 million multiply-accumulates a picture.
"""

import keras
from keras import KerasTensor, layers

from training.zoo.blocks import classified, convolution, pictures_of_any_size
from training.zoo.stem import centred

STEM_FILTERS = (32, 64)  # before and after the first pool
MODULES = ((32, 1), (48, 2), (48, 1), (96, 2), (96, 1))  # width (a fifth of the filters), stride


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = pictures_of_any_size()
    x = convolution(centred(pictures), STEM_FILTERS[0])
    x = layers.MaxPooling2D(2)(x)
    x = convolution(x, STEM_FILTERS[1])
    for width, stride in MODULES:
        if stride > 1:
            x = layers.MaxPooling2D(stride)(x)
        x = _module(x, width)
    return keras.Model(pictures, classified(x), name="inception")


def _module(x: KerasTensor, width: int) -> KerasTensor:
    """1x1, 3x3 (twice as wide), double 3x3 and pooling branches, concatenated."""
    one, three, twice_three, pooled = keras.ops.split(convolution(x, 4 * width, kernel_size=1), 4, axis=-1)
    three = convolution(three, 2 * width)
    twice_three = convolution(convolution(twice_three, width), width)
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(pooled)
    return layers.Concatenate()([one, three, twice_three, pooled])
