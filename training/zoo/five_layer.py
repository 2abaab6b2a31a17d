"""The five-layer network of arXiv 2004.11823: three convolution and pooling stages, two dense layers.

Every layer is batch-normalised; 30 % dropout stands before the softmax layer. 21 million
multiply-accumulates a picture.
"""

import keras
from keras import layers

from training.zoo.normalisation import BatchNormalization
from training.zoo.stem import centred

STAGES = ((32, 5), (32, 4), (64, 5))  # filters, kernel size
HIDDEN_UNITS = 1024


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    x = centred(pictures)
    for filters, kernel_size in STAGES:
        x = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)  # first: a quarter is left to normalise
        x = BatchNormalization()(x)
        x = layers.Activation("relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(HIDDEN_UNITS, use_bias=False)(x)
    x = BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Dropout(0.3)(x)
    logits = layers.Dense(7, dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="five_layer")
