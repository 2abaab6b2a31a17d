import keras
import numpy as np
from conftest import made_up_pictures

from training.zoo import PREPARATIONS, TRANSFER
from training.zoo.normalisation import BatchNormalization

PICTURES = made_up_pictures(16, seed=3)[0][..., None]


def test_a_prepared_backbone_answers_as_before_and_has_measured_the_pictures() -> None:
    model, pictures = TRANSFER["face_mobilenet"]("vggface"), PICTURES.astype(np.float32)
    before = model(pictures, training=False).numpy()
    PREPARATIONS["face_mobilenet"](model, PICTURES)
    np.testing.assert_allclose(model(pictures, training=False), before, atol=1e-3)

    normalisations = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    assert len(normalisations) == 20
    seen = keras.Model(model.input, [layer.input for layer in normalisations])(pictures, training=False)
    for layer, inputs in zip(normalisations, seen, strict=True):
        np.testing.assert_allclose(layer.moving_mean, np.mean(inputs, axis=(0, 1, 2)), atol=1e-3)
        np.testing.assert_allclose(layer.moving_variance, np.var(inputs, axis=(0, 1, 2)), rtol=1e-2, atol=1e-4)
        (kernel,) = model.get_layer(layer.name.removesuffix("_bn")).get_weights()
        squares = (kernel.reshape(-1, inputs.shape[-1]) ** 2).sum(axis=0)
        alive = squares > 1e-3  # a few of HSE-FaceRes's kernels are as good as zero
        np.testing.assert_allclose(squares[alive], 2.0, rtol=1e-3, err_msg="not one scale for all")
        assert alive.mean() > 0.9
