"""ResNet50 (He et al., arXiv 1512.03385) as a backbone, its first 170 layers frozen (arXiv 2004.11823).

Meant for weights trained on millions of pictures: from scratch it learns little, and it is too slow for a
CPU. 36.2 million parameters, 3.3 billion multiply-accumulates a picture.
"""

import keras

from training.zoo.transfer import (
    VGGFACE2_MEANS,
    Backbone,
    Centring,
    classified_in_two_steps,
    enlarged,
    freeze,
    means_for,
    of_keras,
    with_weights,
)

FROZEN_LAYERS = 170  # of 175
BACKBONE = Backbone(
    "resnet50",
    of_keras(keras.applications.ResNet50),
    imagenet="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras Applications",
    # The file of rcmalli/keras-vggface does not fit as it is: its convolutions have no biases, Keras's have.
    vggface="ResNet50 of rcmalli/keras-vggface or VGGFace2's authors, converted to keras.applications.ResNet50, "
    "in a file with 'vggface' in its name (it tells whose means to subtract)",
)


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    backbone = with_weights(BACKBONE, backbone_weights)
    freeze(backbone.layers[:FROZEN_LAYERS])
    centring = Centring(means_for(backbone_weights, of_faces=VGGFACE2_MEANS))
    features = backbone(centring(enlarged(pictures)))
    return keras.Model(pictures, classified_in_two_steps(features), name="resnet50")
