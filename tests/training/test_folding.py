import keras
import numpy as np
import pytest
from conftest import made_up_pictures
from test_export import checkpoint_with_random_weights

from training.export import rebuild
from training.folding import folded_weights

PICTURES = made_up_pictures(5, seed=4)[0][..., None].astype(np.float32)


@pytest.mark.parametrize("name", ["vgg", "se_residual", "face_mobilenet", "five_layer", "inception_v3"])
def test_a_network_with_folded_normalisation_answers_the_same(name: str) -> None:
    model = rebuild(checkpoint_with_random_weights(name))
    before = model(PICTURES, training=False).numpy()
    model.set_weights(folded_weights(model))
    np.testing.assert_allclose(model(PICTURES, training=False), before, atol=1e-4 * np.abs(before).max())


@pytest.mark.parametrize(("name", "folded"), [("vgg", 7), ("face_mobilenet", 20)])
def test_behind_folding_a_normalisation_only_shifts(name: str, folded: int) -> None:
    model = rebuild(checkpoint_with_random_weights(name))
    model.set_weights(folded_weights(model))
    normalisations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in normalisations:
        np.testing.assert_allclose(layer.gamma / np.sqrt(layer.moving_variance + layer.epsilon), 1.0, rtol=1e-5)
        np.testing.assert_array_equal(layer.moving_mean, 0.0)
    assert len(normalisations) == folded
