"""The original's deep network, its Table 2: eight convolutions, four max-pools, four dense layers.

The first convolution is unpadded and not normalised; the others are rectified first and normalised then.
5,905,863 parameters, 3,712 of them moving statistics that are not trained; 393 million
multiply-accumulates a picture.
"""

import keras
from keras import layers

from training.zoo.normalisation import BatchNormalization
from training.zoo.stem import centred

STAGES = (128, 256, 512)  # filters of two normalised convolutions each
HIDDEN_UNITS = (512, 256, 128)


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    x = layers.Conv2D(64, 3, activation="relu")(centred(pictures))
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    x = BatchNormalization()(x)
    x = layers.MaxPooling2D(2)(x)
    for filters in STAGES:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
            x = BatchNormalization()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for units in HIDDEN_UNITS:
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(0.4)(x)
    logits = layers.Dense(7, dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="deep_cnn")
