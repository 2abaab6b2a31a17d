"""A network of plain 3x3 convolutions and pools (Simonyan and Zisserman, arXiv 1409.1556), normalised.

Its work is dense and large-grained, which a CPU trains and serves best: 1.17 million parameters, 96
million multiply-accumulates a picture.
"""

import keras
from keras import layers

from training.zoo.blocks import classified, convolution, pictures_of_any_size
from training.zoo.stem import centred

STAGES = ((32,), (64, 64), (128, 128), (256, 256))  # filters of each convolution


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = pictures_of_any_size()
    x = centred(pictures)
    for stage, filters_of_stage in enumerate(STAGES):
        if stage > 0:
            x = layers.MaxPooling2D(2)(x)
        for filters in filters_of_stage:
            x = convolution(x, filters)
    return keras.Model(pictures, classified(x), name="vgg")
