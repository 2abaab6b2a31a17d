"""The architectures, by name. Each reads float pictures [n, 48, 48, 1] in 0..255 and answers 7 logits."""

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from training.zoo import (
    baseline,
    deep_cnn,
    face_mobilenet,
    five_layer,
    inception,
    inception_v3,
    residual,
    resnet50,
    se_residual,
    senet50,
    vgg,
    vgg16,
)
from training.zoo.normalisation import normalised_by

FROM_SCRATCH: dict[str, Callable[[], keras.Model]] = {
    "residual": residual.build,
    "se_residual": se_residual.build,
    "vgg": vgg.build,
    "inception": inception.build,
    "deep_cnn": deep_cnn.build,
    "five_layer": five_layer.build,
    "baseline": baseline.build,
}
TRANSFER: dict[str, Callable[..., keras.Model]] = {  # their builders take `backbone_weights`, by default "none"
    "resnet50": resnet50.build,
    "senet50": senet50.build,
    "vgg16": vgg16.build,
    "inception_v3": inception_v3.build,
    "face_mobilenet": face_mobilenet.build,
}
# What fits a network to some of the pictures [n, 48, 48, 1] that it will learn from, before its first step.
PREPARATIONS: dict[str, Callable[[keras.Model, NDArray[np.uint8]], None]] = {
    "face_mobilenet": normalised_by,
}
BUILDERS: dict[str, Callable[[], keras.Model]] = FROM_SCRATCH | TRANSFER
