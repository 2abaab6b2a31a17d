"""The architectures, by name. Each reads float pictures [n, 48, 48, 1] in 0..255 and answers 7 logits."""

from collections.abc import Callable

import keras

from training.zoo import baseline, five_layer, residual, se_residual, vgg

BUILDERS: dict[str, Callable[[], keras.Model]] = {
    "residual": residual.build,
    "se_residual": se_residual.build,
    "vgg": vgg.build,
    "five_layer": five_layer.build,
    "baseline": baseline.build,
}
