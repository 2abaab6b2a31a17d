"""The original's baseline: eight 3x3x32 convolutions, four max-pools, one fully connected layer.

Batch normalisation (after each pool) and 50 % dropout are what the original added against its high
variance. 35.8 million multiply-accumulates a picture.
"""

import keras
from keras import layers

from training.zoo.normalisation import BatchNormalization
from training.zoo.stem import centred

STAGES = 4
CONVOLUTIONS_PER_STAGE = 2
FILTERS = 32


def build() -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    x = centred(pictures)
    for _ in range(STAGES):
        for _ in range(CONVOLUTIONS_PER_STAGE):
            x = layers.Conv2D(FILTERS, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = BatchNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    logits = layers.Dense(7, dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="baseline")
