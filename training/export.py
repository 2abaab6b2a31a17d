"""Export a trained run as a member that TensorFlow Serving and `model_server/` can serve.

    python -m training.export RUN --version 1 --mirrored   # RUN: a folder of training.train, e.g. runs/residual
    python -m training.export models/residual/1 --version 2   # the weights of an exported version once more
    python -m training.export RUN --version 1 --member NAME --annotators   # what a second head learned instead

writes `models/<member>/<version>/`: `saved_model.pb`, `variables/`, the warm-up request in `assets.extra/`
and `model.tflite` (float16 weights), and the member's entry in `models/models.toml`. Everything between a
uint8 crop and a calibrated probability is inside the graph. The statistics of batch normalisation are measured
anew, on training pictures as they are (`training/precise_bn.py`); the temperature is fitted on the public test, by
the truth that the member learned more of: FER2013's labels or those of FER+'s annotators.
With `--mirrored` the mirrored crop is read too and the mean of both logits taken: test-time averaging inside
the graph, for twice the work.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training import fer2013, manifest
from training.checkpoint import Checkpoint
from training.command_help import help_of
from training.ferplus import SECOND_HEAD, learned_ferplus, truth
from training.folding import folded_weights
from training.lite import FLOAT_FILE
from training.measures import fit_temperature
from training.precise_bn import with_precise_bn
from training.trained import FINISHED, flat, read_trained
from training.zoo import BUILDERS

INPUT = "crops uint8 [n, 48, 48, 1]"
OUTPUT = "probabilities float32 [n, 7]"
SIGNATURE = "serving_default"
WARM_UP_CROPS = 4


def rebuild(checkpoint: Checkpoint) -> keras.Model:
    """The run's network in float32 with its averaged weights, for pictures of 48x48."""
    keras.mixed_precision.set_global_policy("float32")
    model = at_full_size(BUILDERS[checkpoint.configuration["architecture"]]())
    model.set_weights(checkpoint.averaged[: len(model.weights)])  # a second head's stand behind them
    return model


def annotators_head(checkpoint: Checkpoint) -> Checkpoint:
    """The run with its second head's weights in its own head's place: what it learned of FER+'s annotators.

    Raises click.ClickException for a run without one, and for an exported version or a finished run, which have one
    head only.
    """
    one_head = not checkpoint.configuration.get("ferplus_head") or FINISHED in checkpoint.configuration
    if one_head or not checkpoint.variables:
        raise click.ClickException(
            "there is no second head here; train with --set ferplus_head=0.5 and export that run"
        )
    *weights, kernel, bias = checkpoint.averaged
    (own,) = (place for place, weight in enumerate(weights) if weight.shape == kernel.shape)
    weights[own : own + 2] = kernel, bias
    return replace(checkpoint, averaged=weights, configuration=checkpoint.configuration | {"head": SECOND_HEAD})


def at_full_size(model: keras.Model) -> keras.Model:
    """The same network with the size of its input fixed, so that every layer's shape is known."""
    if None not in model.input_shape[1:]:
        return model
    return keras.models.clone_model(model, input_tensors=keras.Input((48, 48, 1), name="pictures"))


def multiply_accumulates(model: keras.Model) -> int:
    """Multiply-accumulates a picture in convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):  # a backbone
            total += multiply_accumulates(layer)
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            height, width = layer.output.shape[1:3]
            total += height * width * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


Forward = Callable[[tf.Tensor], tf.Tensor]


def forward_of(model: keras.Model, mirrored: bool) -> Forward:
    """Float pictures [n, 48, 48, 1] -> float32 logits [n, 7]; of the picture and its mirror image where wanted."""

    def forward(pictures: tf.Tensor) -> tf.Tensor:
        logits = model(pictures, training=False)
        if mirrored:
            logits = (logits + model(tf.reverse(pictures, [2]), training=False)) / 2.0
        return tf.cast(logits, tf.float32)

    return forward


def logits_of(model: keras.Model, pictures: NDArray[np.uint8], mirrored: bool = False) -> NDArray[np.float32]:
    """uint8 pictures [n, 48, 48] -> float32 logits [n, 7]."""
    forward = tf.function(forward_of(model, mirrored))
    batches = [pictures[i : i + 256, :, :, None].astype(np.float32) for i in range(0, len(pictures), 256)]
    return np.concatenate([forward(tf.constant(batch)).numpy() for batch in batches])


class Served(tf.Module):
    """What a SavedModel holds: the network's weights, kernels in half precision, and the one function that is served.

    Half the bytes in the repository and in every image; `model.tflite` rounds kernels the same way.
    """

    def __init__(self, model: keras.Model, temperature: float, mirrored: bool) -> None:
        """Serve `model`'s weights as they are now."""
        super().__init__()
        values = zip(model.weights, folded_weights(model), strict=True)
        self.weights = [tf.Variable(_rounded(weight.name, value)) for weight, value in values]
        crops = tf.TensorSpec((None, 48, 48, 1), tf.uint8, name="crops")
        forward = forward_of(model, mirrored)

        def serve(crops: tf.Tensor) -> dict[str, tf.Tensor]:
            """uint8 crops [n, 48, 48, 1] -> {"probabilities": float32 [n, 7]}, calibrated."""
            whole = [tf.cast(weight, tf.float32) for weight in self.weights]
            with keras.StatelessScope(zip(model.weights, whole, strict=True)):
                logits = forward(tf.cast(crops, tf.float32))
            return {"probabilities": tf.nn.softmax(logits / temperature)}

        self.serve = tf.function(serve, input_signature=[crops])


def _rounded(name: str, value: NDArray[np.floating]) -> NDArray[np.floating]:
    """A kernel in float16; what is added rounded as the `.tflite` rounds it; all else as it is."""
    if value.ndim > 1:
        return value.astype(np.float16)
    return value.astype(np.float16).astype(np.float32) if name in ("bias", "beta") else value


def write_saved_model(model: keras.Model, temperature: float, folder: Path, mirrored: bool = False) -> None:
    """Write `saved_model.pb` and `variables/` with the one signature `serving_default`."""
    served = Served(model, temperature, mirrored)
    tf.saved_model.save(served, str(folder), signatures={SIGNATURE: served.serve})


def write_lite_model(folder: Path) -> None:
    """Convert the SavedModel in `folder` to `model.tflite` with float16 weights beside it."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[SIGNATURE])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    (folder / FLOAT_FILE).write_bytes(converter.convert())


def write_warm_up(member: str, folder: Path) -> None:
    """The request that TensorFlow Serving replays before it calls a version available."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = member
    request.model_spec.signature_name = SIGNATURE
    crops = np.full((WARM_UP_CROPS, 48, 48, 1), 128, dtype=np.uint8)
    request.inputs["crops"].CopyFrom(tf.make_tensor_proto(crops))
    log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
    extra = folder / "assets.extra"
    extra.mkdir()
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        writer.write(log.SerializeToString())


def export(
    member: str, version: int, models: Path, checkpoint: Checkpoint, temperature: float, mirrored: bool = False
) -> Path:
    """Write the version's folder (whole or not at all) and the member's entry in the manifest."""
    model = rebuild(checkpoint)
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as unfinished:
        folder = Path(unfinished) / str(version)
        write_saved_model(model, temperature, folder, mirrored)
        write_lite_model(folder)
        write_warm_up(member, folder)
        version_folder = models / member / str(version)
        version_folder.parent.mkdir(exist_ok=True)
        if version_folder.exists():
            version_folder.rename(Path(unfinished) / "before")
        folder.rename(version_folder)
    facts = {
        "version": version,
        "architecture": checkpoint.configuration["architecture"],
        "input": INPUT,
        "output": OUTPUT,
        "parameters": model.count_params(),
        "macs": multiply_accumulates(model) * (2 if mirrored else 1),
        "mirrored": mirrored,
        "temperature": round(temperature, 4),
        "sha256": manifest.hashes(version_folder),
        "training": flat(checkpoint.configuration) | {"epochs_trained": checkpoint.epoch},
    }
    manifest.record_member(models, member, facts)
    return version_folder


@click.command(help=help_of(__doc__))
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--version", type=int, required=True)
@click.option("--member", help="by default the run's name")
@click.option("--mirrored", is_flag=True, help="read the mirrored crop too")
@click.option("--annotators", is_flag=True, help="of a run with two heads the one that learned FER+'s annotators")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    default=Path("../shared/data/fer2013"),
    show_default=True,
    help="for the normalisations' statistics and the temperature",
)
@click.option("--models", type=click.Path(path_type=Path), default=Path("models"), show_default=True)
def main(
    run: Path, version: int, member: str | None, mirrored: bool, annotators: bool, data: Path, models: Path
) -> None:
    own_name, checkpoint = read_trained(run)
    if annotators:
        if member is None:
            raise click.UsageError("--annotators needs a --member: the run's own name is for its first head")
        checkpoint = annotators_head(checkpoint)
    dataset = fer2013.load(data)
    public_test, model = dataset.public_test, rebuild(checkpoint)
    checkpoint = with_precise_bn(model, checkpoint, dataset.train.pictures)
    logits = logits_of(model, public_test.pictures, mirrored)
    if not np.isfinite(logits).all():
        raise click.ClickException(f"{run} answers with what is not a finite number: it diverged; train it anew")
    counting, labels = truth(public_test, learned_ferplus(checkpoint.configuration))
    temperature = fit_temperature(logits[counting], labels)
    version_folder = export(member or own_name, version, models, checkpoint, temperature, mirrored)
    size = sum(path.stat().st_size for path in version_folder.rglob("*") if path.is_file())
    click.echo(f"{version_folder}: temperature {temperature:.3f}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
