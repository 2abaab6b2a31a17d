"""MobileNet (Howard et al., arXiv 1704.04861) that learned to tell people apart, as a backbone for a CPU.

Its weights are HSE-FaceRes's (Savchenko, arXiv 1807.07718), learned on the faces of VGGFace2 (arXiv 1710.08092), as
npm's `@vladmandic/human` ships them. Whoever tells faces apart knows much of what moves in them. The first layers,
which see edges, stay as they are. 3.2 million parameters, 225 million multiply-accumulates a picture.

The weights come with batch normalisation folded into the convolutions, and a network of folded ones hardly learns: of
their scales, which differ a hundredfold, no learning rate fits all. `normalised_by` unfolds them.
"""

from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, layers
from numpy.typing import NDArray

from training.zoo.blocks import classified, pictures_of_any_size
from training.zoo.normalisation import BatchNormalization
from training.zoo.tfjs import Weights, read_weights
from training.zoo.transfer import IMAGENET_MEANS, BackboneWeightsError, freeze

ENLARGED = 3  # times, so 48 pixels become 144; the backbone learned at 224
STEM_FILTERS = 32
BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
FROZEN_BLOCKS = 3
PIXEL_MEAN = sum(IMAGENET_MEANS) / 3  # of what the backbone learned from, in 0..255
FACES = Path(__file__).parents[1] / "backbones/node_modules/@vladmandic/human/models/faceres.json"


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]; smaller pictures are read, too.

    `backbone_weights` is `none` (random), `vggface` or the path of the backbone's TensorFlow.js model. Raises
    BackboneWeightsError.
    """
    pictures = pictures_of_any_size()
    x = layers.UpSampling2D(ENLARGED, interpolation="bilinear")(pictures)
    x = layers.Rescaling(1.0, -PIXEL_MEAN)(x)
    x = _convolved(x, layers.Conv2D(STEM_FILTERS, 3, 2, name="conv1"))
    for number, (filters, stride) in enumerate(BLOCKS, 1):
        trained = number > FROZEN_BLOCKS
        x = _convolved(x, layers.DepthwiseConv2D(3, stride, use_bias=not trained, name=f"conv_dw_{number}"))
        x = _convolved(x, layers.Conv2D(filters, 1, use_bias=not trained, name=f"conv_pw_{number}"))
    model = keras.Model(pictures, classified(x), name="face_mobilenet")
    if backbone_weights != "none":
        _take_over(model, backbone_weights)
    freeze([layer for layer in model.layers if layer.name.startswith("conv") and getattr(layer, "use_bias", False)])
    return model


def _convolved(x: KerasTensor, convolution: keras.layers.Layer) -> KerasTensor:
    """Padded as Keras's MobileNet pads (a stride of two begins at the very first pixel), normalised and rectified."""
    if convolution.kernel_size[0] == 3:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)) if convolution.strides[0] == 2 else 1)(x)
    x = convolution(x)
    if not convolution.use_bias:
        x = BatchNormalization(name=f"{convolution.name}_bn", momentum=0.95)(x)
    return layers.ReLU(6.0)(x)


def _take_over(model: keras.Model, wanted: str) -> None:
    path = FACES if wanted == "vggface" else Path(wanted)
    get = "`make training-env` gets VGGFace2's for --backbone-weights vggface; or pass the path of a faceres.json"
    if wanted == "imagenet":
        raise BackboneWeightsError(f"face_mobilenet: there are no ImageNet weights: {get}")
    if not path.is_file():
        raise BackboneWeightsError(f"face_mobilenet: there is no weights file {path}: {get}")
    try:
        weights = read_weights(path)
        for layer in model.layers:
            if layer.name.startswith("conv"):
                layer.set_weights(_stored(layer, weights))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackboneWeightsError(f"face_mobilenet: {path} does not fit ({error}): {get}") from error


def _stored(layer: keras.layers.Layer, weights: Weights) -> list[NDArray[np.floating]]:
    """What the file has for a convolution or its normalisation."""
    name = layer.name.removesuffix("_bn")
    bias = weights[f"{name}_bn/batchnorm_1/sub"]
    if isinstance(layer, BatchNormalization):
        return [np.full_like(bias, np.sqrt(1.0 + layer.epsilon)), bias, np.zeros_like(bias), np.ones_like(bias)]
    if name.startswith("conv_dw"):
        kernel = weights[f"{name}/depthwise_kernel"] * weights[f"{name}_bn/batchnorm_1/mul"][:, None]
    else:
        kernel = weights[f"{name}/convolution/merged_input"]
    if name == "conv1":
        kernel = kernel.sum(axis=2, keepdims=True)  # a gray picture is three times the same channel
    return [kernel, bias] if layer.use_bias else [kernel]
