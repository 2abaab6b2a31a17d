"""VGG16 (Simonyan and Zisserman, arXiv 1409.1556) as a backbone, all of it frozen (arXiv 2004.11823).

Only the head is trained, so it needs weights trained elsewhere. 21.0 million parameters, 11.6 billion
multiply-accumulates a picture.
"""

import keras

from training.zoo.transfer import (
    VGGFACE_MEANS,
    Backbone,
    Centring,
    classified_in_two_steps,
    enlarged,
    freeze,
    means_for,
    of_keras,
    with_weights,
)

BACKBONE = Backbone(
    "vgg16",
    of_keras(keras.applications.VGG16),
    imagenet="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras Applications",
    vggface="rcmalli_vggface_tf_notop_vgg16.h5 (VGGFace) from the releases of rcmalli/keras-vggface, "
    "with 'vggface' left in its name (it tells whose means to subtract)",
)


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    backbone = with_weights(BACKBONE, backbone_weights)
    freeze(backbone.layers)
    centring = Centring(means_for(backbone_weights, of_faces=VGGFACE_MEANS))
    features = backbone(centring(enlarged(pictures)))
    return keras.Model(pictures, classified_in_two_steps(features, dropout=0.5), name="vgg16")
