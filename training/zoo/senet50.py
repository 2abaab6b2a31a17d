"""SE-ResNet50 (Hu et al., arXiv 1709.01507) as a backbone, in the form of VGGFace2's (arXiv 1710.08092).

Keras has none, so it is built here, its layers in the order of VGGFace2's file for Keras: weights are
read in that order. Trained throughout. 38.7 million parameters, 3.3 billion multiply-accumulates a picture.
"""

import keras
from keras import KerasTensor, layers

from training.zoo.blocks import convolution
from training.zoo.transfer import (
    SIDE,
    VGGFACE2_MEANS,
    Backbone,
    Centring,
    classified_in_two_steps,
    enlarged,
    with_weights,
)

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # filters, blocks, stride of the first block
EXPANSION = 4  # a block's filters after it, to those within
REDUCTION = 16  # channels a hidden unit of the excitation
EPSILON = 1e-4


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    centred = Centring(VGGFACE2_MEANS)(enlarged(pictures))  # nobody has other weights than VGGFace2's
    features = with_weights(BACKBONE, backbone_weights)(centred)
    return keras.Model(pictures, classified_in_two_steps(features), name="senet50")


def _backbone(_weights: str | None) -> keras.Model:
    pictures = keras.Input((SIDE, SIDE, 3))
    x = convolution(pictures, 64, kernel_size=7, stride=2, epsilon=EPSILON)
    x = layers.MaxPooling2D(3, strides=2)(x)
    for filters, blocks, stride in STAGES:
        for block in range(blocks):
            x = _block(x, filters, stride if block == 0 else 1)
    return keras.Model(pictures, x, name="se_resnet50")


def _block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    """A bottleneck of three convolutions, its channels weighed, beside a shortcut."""
    y = convolution(x, filters, kernel_size=1, stride=stride, epsilon=EPSILON)
    y = convolution(y, filters, epsilon=EPSILON)
    y = convolution(y, EXPANSION * filters, kernel_size=1, activated=False, epsilon=EPSILON)
    y = layers.Multiply()([y, _weights_of_channels(y, EXPANSION * filters)])
    if x.shape[-1] != EXPANSION * filters:
        x = convolution(x, EXPANSION * filters, kernel_size=1, stride=stride, activated=False, epsilon=EPSILON)
    return layers.Activation("relu")(layers.Add()([y, x]))


def _weights_of_channels(y: KerasTensor, filters: int) -> KerasTensor:
    """Squeeze to one number a channel, excite to a weight in 0..1 each; 1x1 convolutions, as in the file."""
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(y)
    hidden = layers.Conv2D(filters // REDUCTION, 1, activation="relu")(squeezed)
    # The sigmoid is a layer of its own: it keeps these weights before the shortcut's in the order of layers.
    return layers.Activation("sigmoid")(layers.Conv2D(filters, 1)(hidden))


BACKBONE = Backbone(
    "senet50",
    _backbone,
    imagenet=None,
    vggface="rcmalli_vggface_tf_notop_senet50.h5 (VGGFace2) from the releases of rcmalli/keras-vggface",
)
