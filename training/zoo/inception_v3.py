"""Inception v3 (Szegedy et al., arXiv 1512.00567) as a backbone, trained throughout.

Meant for weights trained on millions of pictures. 34.4 million parameters, 2.1 billion
multiply-accumulates a picture.
"""

import keras
from keras import layers

from training.zoo.transfer import Backbone, classified_in_two_steps, enlarged, of_keras, with_weights

BACKBONE = Backbone(
    "inception_v3",
    of_keras(keras.applications.InceptionV3),
    imagenet="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras Applications",
    vggface=None,
)


def build(backbone_weights: str = "none") -> keras.Model:
    """Pictures float [n, 48, 48, 1] in 0..255 -> logits float32 [n, 7]."""
    pictures = keras.Input((48, 48, 1), name="pictures")
    scaled = layers.Rescaling(1.0 / 127.5, offset=-1.0)(enlarged(pictures))  # -1..1, as Keras trained it
    features = with_weights(BACKBONE, backbone_weights)(scaled)
    return keras.Model(pictures, classified_in_two_steps(features), name="inception_v3")
