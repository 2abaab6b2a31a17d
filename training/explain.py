"""Show what each member looks at in a face: Grad-CAM and occlusion, as the original's network interpretability.

    python -m training.explain FACE.png [--label happy] [--output explained.png]

FACE is a picture cropped to one face; it is read in gray at 48×48. The output has a row for each member and one
for the vote: the crop, Grad-CAM over the last convolution (Selvaraju et al., arXiv 1610.02391; none for the
vote), and the occlusion map (Zeiler and Fergus, arXiv 1311.2901) that `POST /v1/images?explain=true` gives.
"""

import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from numpy.typing import NDArray

from contracts.members import Vote
from ensemble_worker.occlusion import covered, importance
from ensemble_worker.voting import soft_vote
from training import manifest
from training.command_help import help_of
from training.export import logits_of, rebuild
from training.fer2013 import LABELS
from training.measures import softmax
from training.picture_files import BROKEN, read_picture
from training.trained import read_exported

Heat = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row: a member (or the vote), its probability of the label, and its maps [h, w], each of its own size."""

    name: str
    probability: float
    grad_cam: Heat | None
    occlusion: Heat


def grad_cam(model: keras.Model, crop: NDArray[np.uint8], label: int) -> Heat:
    """How much each place of the last convolution speaks for `label`, 0 to 1: uint8 crop [48, 48] -> [h, w]."""
    watched, picture = with_last_convolution(model), tf.constant(crop[None, :, :, None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(picture)  # else the tape remembers nothing of a backbone whose layers are frozen
        features, logits = watched(picture, training=False)
        score = logits[0, label]
    weights = tf.reduce_mean(tape.gradient(score, features), axis=(0, 1, 2))
    heat: Heat = tf.nn.relu(tf.reduce_sum(features[0] * weights, axis=-1)).numpy()
    return heat / heat.max() if heat.max() > 0 else heat


def with_last_convolution(model: keras.Model) -> keras.Model:
    """The network with two outputs: of its last convolution, in its backbone where it has one, and its own."""
    last = [layer for layer in model.layers if isinstance(layer, keras.Model) or _tells_places_apart(layer)][-1]
    if not isinstance(last, keras.Model):
        return keras.Model(model.input, [last.output, model.output])
    backbone, features = with_last_convolution(last), []

    def call(layer: keras.layers.Layer, *inputs: keras.KerasTensor, **options: bool) -> keras.KerasTensor:
        if layer is not last:
            return layer(*inputs, **options)
        seen, output = backbone(*inputs, **options)
        features.append(seen)
        return output

    # A layer within a backbone belongs to the backbone's graph: the outer one is drawn again, of the same layers.
    drawn = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    return keras.Model(drawn.input, [*features, drawn.output])


def _tells_places_apart(layer: keras.layers.Layer) -> bool:
    """Whether it is a convolution; one over channels pooled to 1x1 (squeeze and excitation) is none for us."""
    return isinstance(layer, keras.layers.Conv2D) and tuple(layer.output.shape[1:3]) != (1, 1)


def explain(models: Path, crop: NDArray[np.uint8], label: int | None) -> tuple[int, list[Explanation]]:
    """The label explained (the default vote's own for None), and a row for each member and the vote."""
    described = manifest.read_manifest(models)
    pictures = np.concatenate([crop[None], covered(crop)])
    networks, probabilities = {}, {}
    for name, facts in described["members"].items():
        network = rebuild(read_exported(models / name / str(facts["version"]), facts))
        logits = logits_of(network, pictures, facts.get("mirrored", False))
        networks[name], probabilities[name] = network, softmax(logits / facts["temperature"]).astype(np.float32)
    default = described["votes"]["default"]
    vote = soft_vote(probabilities, Vote(default["weights"], default["temperature"]))
    chosen = int(vote[0].argmax()) if label is None else label
    rows = [
        Explanation(name, own[0, chosen], grad_cam(networks[name], crop, chosen), _occlusion(own, chosen))
        for name, own in probabilities.items()
    ]
    return chosen, [*rows, Explanation("vote", vote[0, chosen], None, _occlusion(vote, chosen))]


def _occlusion(probabilities: Heat, label: int) -> Heat:
    return importance(float(probabilities[0, label]), probabilities[1:, label])


def draw(crop: NDArray[np.uint8], label: int, rows: list[Explanation], output: Path) -> None:
    """Write the picture of all rows."""
    mpl.use("Agg")
    figure = Figure(figsize=(7, 2.4 * len(rows)), layout="constrained")
    figure.suptitle(f"What speaks for “{LABELS[label]}”")
    for axes, row in zip(figure.subplots(len(rows), 3, squeeze=False), rows, strict=True):
        axes[0].set_ylabel(f"{row.name}\n{row.probability:.0%}")
        for place, heat, title in zip(axes, (None, row.grad_cam, row.occlusion), TITLES, strict=True):
            place.set(xticks=[], yticks=[], title=title)
            place.imshow(crop, cmap="gray", vmin=0, vmax=255, extent=EXTENT)
            if heat is not None:
                limit = float(abs(heat).max()) or 1.0
                place.imshow(heat, cmap="coolwarm", vmin=-limit, vmax=limit, alpha=0.5, extent=EXTENT)
    figure.savefig(output, dpi=110)


TITLES = ("crop", "Grad-CAM", "occlusion")
EXTENT = (0, 48, 48, 0)


@click.command(help=help_of(__doc__))
@click.argument("face", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--label", type=click.Choice(LABELS), help="by default the vote's own")
@click.option("--output", type=click.Path(path_type=Path), default=Path("explained.png"), show_default=True)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(face: Path, label: str | None, output: Path, models: Path) -> None:
    try:
        crop = read_picture(face)
    except BROKEN as problem:
        raise click.ClickException(f"{face} can't be read: {problem}") from problem
    chosen, rows = explain(models, crop, None if label is None else LABELS.index(label))
    draw(crop, chosen, rows, output)
    for row in rows:
        click.echo(f"{row.name}: {LABELS[chosen]} {row.probability:.1%}")
    click.echo(f"drawn in {output}")


if __name__ == "__main__":
    main()
