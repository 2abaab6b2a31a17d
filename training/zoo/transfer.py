"""What the transfer networks share: the way into a backbone, the backbone's weights, and the head.

A backbone was trained elsewhere on large colour pictures. A face of 48x48 gray pixels is enlarged and
repeated to three channels inside the network, so that a transfer network reads what every other reads.
Weights that came from Caffe expect pictures without the channels' means of what they were trained on:
ImageNet's, or those of faces where the name of the weights' file holds "vggface".

    BackboneWeightsError: the user's to mend, by getting the file; trying again does not help.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import KerasTensor, layers

SIDE = 197  # of the enlarged picture; the least that the original's backbones took
HIDDEN_UNITS = (4096, 1024)

Means = tuple[float, float, float]  # of blue, green and red, in 0..255: the order of weights that came from Caffe
IMAGENET_MEANS = (103.939, 116.779, 123.68)
VGGFACE_MEANS = (93.5940, 104.7624, 129.1863)
VGGFACE2_MEANS = (91.4953, 103.8827, 131.0912)


class BackboneWeightsError(Exception):
    """Raised when a backbone's weights are missing or do not fit; the message says where to get them."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A headless network for pictures [n, 197, 197, 3], and where its weights are to be had, in words."""

    name: str
    build: Callable[[str | None], keras.Model]  # of "imagenet", or None for random weights
    imagenet: str | None  # None where nobody has them
    vggface: str | None


def of_keras(application: Callable[..., keras.Model]) -> Callable[[str | None], keras.Model]:
    """One of Keras Applications' networks, as `Backbone.build` has it."""
    return lambda weights: application(include_top=False, weights=weights, input_shape=(SIDE, SIDE, 3))


def with_weights(backbone: Backbone, wanted: str) -> keras.Model:
    """The backbone with weights `none` (random), `imagenet`, `vggface` or those of the file `wanted`."""
    if wanted == "none":
        return backbone.build(None)
    if wanted == "imagenet":
        return _downloaded(backbone)
    if wanted == "vggface":
        reason = "VGGFace's weights are for you to get" if backbone.vggface else "there are no VGGFace weights"
        raise BackboneWeightsError(f"{backbone.name}: {reason}: {_get(backbone.vggface or backbone.imagenet)}")
    return _loaded(backbone, Path(wanted))


def _downloaded(backbone: Backbone) -> keras.Model:
    if backbone.imagenet is None:
        raise BackboneWeightsError(f"{backbone.name}: Keras has no ImageNet weights: {_get(backbone.vggface)}")
    try:
        return backbone.build("imagenet")
    except Exception as error:  # what Keras raises when a download fails is nothing narrower
        reason = "Keras could not download the weights"
        raise BackboneWeightsError(f"{backbone.name}: {reason}: {_get(backbone.imagenet)}") from error


def _loaded(backbone: Backbone, path: Path) -> keras.Model:
    sources = _get(backbone.imagenet, backbone.vggface)
    if not path.is_file():
        raise BackboneWeightsError(f"{backbone.name}: there is no weights file {path}: {sources}")
    model = backbone.build(None)
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        reason = f"{path} does not fit ({str(error).splitlines()[0]})"
        raise BackboneWeightsError(f"{backbone.name}: {reason}: {sources}") from error
    return model


def _get(*files: str | None) -> str:
    """What the user is to do."""
    return f"get {', or '.join(filter(None, files))}, and pass its path as --backbone-weights PATH"


def means_for(weights: str, of_faces: Means) -> Means:
    """The means that the backbone's weights expect: those of faces for a file with "vggface" in its name."""
    return of_faces if "vggface" in Path(weights).name.lower() else IMAGENET_MEANS


def freeze(frozen: Sequence[keras.layers.Layer]) -> None:
    """Keep these layers as they are while the others are trained."""
    for layer in frozen:
        layer.trainable = False


def enlarged(pictures: KerasTensor) -> KerasTensor:
    """Pictures float [n, 48, 48, 1] -> [n, 197, 197, 3], three times the same channel."""
    large = layers.Resizing(SIDE, SIDE, interpolation="bilinear")(pictures)
    return layers.Concatenate()([large, large, large])


class Centring(layers.Layer):
    """Pictures [n, h, w, 3] in 0..255 without each channel's mean.

    The means are weights that are not trained: a network rebuilt from a checkpoint, without the file that its
    backbone's weights came from, has them again.
    """

    def __init__(self, means: Means) -> None:
        """Start with these means."""
        super().__init__()
        self.means = self.add_weight(shape=(3,), name="means", trainable=False)
        self.means.assign(means)

    def call(self, pictures: KerasTensor) -> KerasTensor:
        """Take the means away."""
        return pictures - self.means


def classified_in_two_steps(x: KerasTensor, dropout: float = 0.0) -> KerasTensor:
    """Features [n, h, w, c] -> logits float32 [n, 7]: global average, dense layers of 4096 and 1024, and the last."""
    x = layers.GlobalAveragePooling2D()(x)
    for units in HIDDEN_UNITS:
        x = layers.Dense(units, activation="relu")(x)
        if dropout > 0.0:
            x = layers.Dropout(dropout)(x)
    return layers.Dense(7, dtype="float32", name="logits")(x)
