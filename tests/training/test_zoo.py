from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import click
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures

from training.augmentation import Augmentation
from training.checkpoint import Checkpoint
from training.export import at_full_size, multiply_accumulates, rebuild
from training.train import RECIPES, Configuration, Trainer, untrained
from training.zoo import BUILDERS, FROM_SCRATCH, TRANSFER
from training.zoo.normalisation import BatchNormalization
from training.zoo.resnet50 import BACKBONE as RESNET50
from training.zoo.senet50 import BACKBONE as SENET50
from training.zoo.transfer import (
    IMAGENET_MEANS,
    VGGFACE_MEANS,
    Backbone,
    BackboneWeightsError,
    Centring,
    means_for,
    with_weights,
)
from training.zoo.vgg16 import BACKBONE as VGG16

KNOWN = {  # parameters, multiply-accumulates
    "residual": (1_620_519, 68_495_104),
    "se_residual": (1_585_563, 130_302_912),
    "vgg": (1_167_015, 96_216_832),
    "inception": (1_260_487, 106_024_224),
    "deep_cnn": (5_905_863, 392_969_344),
    "five_layer": (2_439_463, 21_019_648),
    "baseline": (67_591, 35_833_824),
    "resnet50": (36_182_922, 3_323_369_152),
    "senet50": (38_687_354, 3_304_797_888),
    "vgg16": (21_018_442, 11_585_287_360),
    "inception_v3": (34_397_991, 2_058_953_088),
    "face_mobilenet": (3_233_735, 224_895_232),
}


@cache
def built(name: str) -> keras.Model:
    """One network a name, for tests that only look at it."""
    return BUILDERS[name]()


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_answers_seven_float32_logits_a_picture(name: str) -> None:
    count = 1 if name in TRANSFER else 3
    logits = built(name)(np.full((count, 48, 48, 1), 128.0, np.float32))
    assert logits.shape == (count, 7)
    assert logits.dtype == tf.float32


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_is_as_large_as_it_was_described(name: str) -> None:
    model = at_full_size(built(name))
    assert (model.count_params(), multiply_accumulates(model)) == KNOWN[name]


@pytest.mark.parametrize("name", BUILDERS)
def test_each_network_has_a_recipe_of_its_own(name: str) -> None:
    assert RECIPES[name].architecture == name


def test_the_deep_network_has_the_statistics_that_the_original_counted() -> None:
    statistics = [weight for weight in built("deep_cnn").non_trainable_weights if "moving" in weight.path]
    assert sum(int(np.prod(weight.shape)) for weight in statistics) == 3_712
    assert len(statistics) == len(built("deep_cnn").non_trainable_weights)


def test_the_baseline_is_eight_convolutions_four_pools_and_one_dense_layer() -> None:
    kinds = [type(layer) for layer in BUILDERS["baseline"]().layers]
    counts = [kinds.count(k) for k in (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)]
    assert counts == [8, 4, 1]


@pytest.mark.parametrize("name", ["residual", "se_residual", "vgg", "inception", "face_mobilenet"])
def test_the_fully_convolutional_networks_read_smaller_pictures_too(name: str) -> None:
    assert BUILDERS[name]()(np.zeros((1, 32, 32, 1), np.float32)).shape == (1, 7)


# Of the transfer networks only the heads, below: 25 steps at 197x197 take minutes each.
@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_each_network_learns_one_batch_by_heart(name: str) -> None:
    configuration = Configuration(
        name, label_smoothing=0.0, augmentation=Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0)
    )
    trainer = Trainer(replace(configuration, weight_decay=0.0))
    pictures, labels = made_up_pictures(28, seed=0)
    batch = tf.constant(pictures[..., None]), tf.constant(np.eye(7, dtype=np.float32)[labels])
    trainer.optimizer.learning_rate.assign(RECIPES[name].learning_rate / 2.0)  # there is no warm-up
    losses = [float(trainer.step(*batch, tf.constant([1, step], tf.int32), 48)[0]) for step in range(25)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0], losses


def split_at_head(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """A transfer network up to its backbone's features, and what follows, of the same layers."""
    kinds = [type(layer) for layer in model.layers]
    head = model.layers[kinds.index(keras.layers.GlobalAveragePooling2D) :]
    return keras.Model(model.input, head[0].input), keras.Sequential(head)


@pytest.mark.parametrize("name", TRANSFER)
def test_the_head_of_each_transfer_network_learns_one_batch_by_heart(name: str) -> None:
    """On features that the backbone gave once; brought to one scale, as random weights tell pictures hardly apart."""
    keras.utils.set_random_seed(1)
    # Random and not yet normalised, face_mobilenet's first layers saturate on every picture.
    model = TRANSFER[name]("vggface") if name == "face_mobilenet" else TRANSFER[name]()
    body, head = split_at_head(model)
    pictures, labels = made_up_pictures(7, seed=0)
    features = body(pictures[..., None].astype(np.float32), training=False)
    mean, variance = tf.nn.moments(features, axes=(0, 1, 2))
    cached = (features - mean) / tf.sqrt(variance + 1e-12)
    optimizer = keras.optimizers.Adam(1e-4 if len(head.trainable_variables) > 2 else 1e-2)  # one layer alone is slow
    optimizer.build(head.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(labels, head(cached, training=True))
        optimizer.apply(tape.gradient(loss, head.trainable_variables))
        return loss

    losses = [float(step()) for _ in range(40)]
    count = len(head.trainable_variables)
    assert [weight.path for weight in model.trainable_variables[-count:]] == [w.path for w in head.trainable_variables]
    assert np.mean(losses[-3:]) < 0.5 * losses[0], losses


def test_the_fused_normalisation_agrees_with_keras_in_training_and_after() -> None:
    pictures = np.random.default_rng(0).normal(3.0, 2.0, (8, 6, 6, 4)).astype(np.float32)
    fused, plain = BatchNormalization(momentum=0.0), keras.layers.BatchNormalization(momentum=0.0)
    for training in (True, False):
        np.testing.assert_allclose(fused(pictures, training=training), plain(pictures, training=training), atol=0.01)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=0.01)  # n - 1 against n


@pytest.mark.parametrize(
    ("name", "layers", "frozen"),
    [("resnet50", 175, 170), ("senet50", 253, 0), ("vgg16", 19, 19), ("inception_v3", 311, 0)],
)
def test_the_layers_of_a_backbone_that_the_original_froze_are_not_trained(name: str, layers: int, frozen: int) -> None:
    (backbone,) = (layer for layer in built(name).layers if isinstance(layer, keras.Model))
    assert len(backbone.layers) == layers
    assert [layer.trainable for layer in backbone.layers] == [False] * frozen + [True] * (layers - frozen)
    head = [layer.units for layer in built(name).layers if isinstance(layer, keras.layers.Dense)]
    assert head == [4096, 1024, 7]


def entrance(model: keras.Model) -> keras.Model:
    """A transfer network up to what its backbone reads."""
    (last,) = (layer for layer in model.layers if isinstance(layer, (Centring, keras.layers.Rescaling)))
    return keras.Model(model.input, last.output)


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),  # blue, green and red of a black and of a white picture
    [
        ("resnet50", (-103.939, -116.779, -123.68), (151.061, 138.221, 131.32)),
        ("senet50", (-91.4953, -103.8827, -131.0912), (163.5047, 151.1173, 123.9088)),
        ("vgg16", (-103.939, -116.779, -123.68), (151.061, 138.221, 131.32)),
        ("inception_v3", (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
    ],
)
def test_a_backbone_reads_large_pictures_in_the_range_it_was_trained_on(
    name: str, lowest: tuple[float, ...], highest: tuple[float, ...]
) -> None:
    read = entrance(built(name))(np.stack([np.full((48, 48, 1), value, np.float32) for value in (0.0, 255.0)])).numpy()
    assert read.shape == (2, 197, 197, 3)
    np.testing.assert_allclose(read[:, 0, 0], [lowest, highest], atol=1e-3)
    np.testing.assert_allclose(read[:, 98, 196], [lowest, highest], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "backbone", "of_faces"),
    [("resnet50", RESNET50, (91.4953, 103.8827, 131.0912)), ("vgg16", VGG16, (93.5940, 104.7624, 129.1863))],
)
def test_weights_of_faces_are_read_with_the_means_of_faces_and_so_is_what_is_rebuilt(
    name: str, backbone: Backbone, of_faces: tuple[float, ...], tmp_path: Path
) -> None:
    file = tmp_path / "rcmalli_VGGFace_notop.h5"
    write_weights_file(file, backbone.build(None))
    configuration = Configuration(name, backbone_weights=str(file))
    trained = untrained(configuration)
    file.unlink()
    weights = [weight.numpy() for weight in trained.weights]
    for model in (trained, rebuild(Checkpoint(asdict(configuration), 1, [], weights, []))):
        read = entrance(model)(np.zeros((1, 48, 48, 1), np.float32)).numpy()
        np.testing.assert_allclose(-read[0, 0, 0], of_faces, rtol=1e-6)


@pytest.mark.parametrize("name", ["resnet50", "vgg16"])
def test_who_looks_for_weights_of_faces_is_told_what_their_file_must_be_called(name: str) -> None:
    with pytest.raises(click.ClickException, match=r"'vggface' .*in its name"):
        untrained(Configuration(name, backbone_weights="vggface"))


@pytest.mark.parametrize(
    ("weights", "means"),
    [
        ("imagenet", IMAGENET_MEANS),
        ("none", IMAGENET_MEANS),
        ("/vggface/vgg16_notop.h5", IMAGENET_MEANS),
        ("/data/rcmalli_vggface_tf_notop_vgg16.h5", VGGFACE_MEANS),
        ("VGGFace2.h5", VGGFACE_MEANS),
    ],
)
def test_the_name_of_the_weights_file_tells_whose_means_are_taken_away(weights: str, means: tuple[float, ...]) -> None:
    assert means_for(weights, of_faces=VGGFACE_MEANS) == means


def test_the_layers_of_se_resnet50_stand_in_the_order_of_vggfaces_file() -> None:
    layers = [layer for layer in SENET50.build(None).layers if layer.weights]
    kernels = [layer.kernel.shape for layer in layers if isinstance(layer, keras.layers.Conv2D)]
    assert kernels[:7] == [
        (7, 7, 3, 64),
        (1, 1, 64, 64),
        (3, 3, 64, 64),
        (1, 1, 64, 256),
        (1, 1, 256, 16),  # squeeze
        (1, 1, 16, 256),  # excite
        (1, 1, 64, 256),  # shortcut
    ]
    assert len(layers) == 53 * 2 + 16 * 2  # convolutions with their normalisations, squeezes and excitations


def tiny_backbone(weights: str | None) -> keras.Model:
    if weights == "imagenet":
        raise RuntimeError("no way out")
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), keras.layers.Conv2D(4, 3)])


TINY = Backbone("tiny", tiny_backbone, imagenet="tiny_notop.h5", vggface="tiny_faces.h5 from its authors")


def write_weights_file(path: Path, model: keras.Model) -> None:
    """The layout of HDF5 in which Keras Applications and keras-vggface have their files."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{number}" for number in range(len(layer.weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = weight.numpy()


def test_a_backbone_takes_the_weights_of_a_file(tmp_path: Path) -> None:
    trained = tiny_backbone(None)
    write_weights_file(tmp_path / "tiny.h5", trained)
    loaded = with_weights(TINY, str(tmp_path / "tiny.h5"))
    for weight, expected in zip(loaded.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), expected.numpy())


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("imagenet", "could not download.*tiny_notop.h5"),
        ("vggface", "for you to get.*tiny_faces.h5"),
        ("missing.h5", "no weights file.*tiny_notop.h5.*tiny_faces.h5"),
        ("broken.h5", "does not fit.*tiny_notop.h5.*tiny_faces.h5"),
        ("broken.weights.h5", "does not fit"),
        ("other.h5", "does not fit"),
        ("weights.txt", "does not fit"),
    ],
)
def test_weights_that_cannot_be_had_are_an_error_that_says_where_to_get_them(
    wanted: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("broken.h5", "broken.weights.h5", "weights.txt"):
        Path(name).write_bytes(b"not weights")
    write_weights_file(Path("other.h5"), keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    with pytest.raises(BackboneWeightsError, match=f"tiny: .*{reason}.* PATH"):
        with_weights(TINY, wanted)


@pytest.mark.parametrize(("name", "wanted"), [("senet50", "imagenet"), ("inception_v3", "vggface")])
def test_weights_that_nobody_has_are_an_error_that_names_those_there_are(name: str, wanted: str) -> None:
    with pytest.raises(click.ClickException, match=r"no .* weights: get \w+\.h5"):
        untrained(Configuration(name, backbone_weights=wanted))


def test_a_missing_weights_file_stops_the_training_with_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "resnet50.h5"
    with pytest.raises(click.ClickException, match=r"no weights file .*resnet50_weights\w+_notop\.h5"):
        untrained(Configuration("resnet50", backbone_weights=str(path)))


def test_a_network_without_a_backbone_takes_no_weights_for_one() -> None:
    with pytest.raises(click.ClickException, match="no backbone"):
        untrained(Configuration("vgg", backbone_weights="imagenet"))
