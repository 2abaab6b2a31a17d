"""A compact residual network (He et al., arXiv 1512.03385) sized for one 48x48 face on a CPU.

A 3x3 stem of 32 filters, seven two-convolution blocks, global average pooling: 1.62 million
parameters, 68.5 million multiply-accumulates a picture.
"""

import keras
from keras import KerasTensor, layers

from training.zoo.blocks import classified, convolution, pictures_of_any_size
from training.zoo.stem import centred

STEM_FILTERS = 32
BLOCKS = ((32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2))  # filters, stride


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = pictures_of_any_size()
    x = convolution(centred(pictures), STEM_FILTERS)
    for filters, stride in BLOCKS:
        x = _block(x, filters, stride)
    return keras.Model(pictures, classified(x), name="residual")


def _block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""
    y = convolution(x, filters, stride=stride)
    y = convolution(y, filters, activated=False)
    if stride != 1 or x.shape[-1] != filters:
        x = convolution(x, filters, kernel_size=1, stride=stride, activated=False)
    return layers.Activation("relu")(layers.Add()([x, y]))
