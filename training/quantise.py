"""Export every member in int8 beside its float file, and decide which of the two a bare machine serves.

    python -m training.quantise --data ../shared/data/fer2013

writes `models/<member>/<version>/model.int8.tflite` and, in `models.toml`, what the vote loses by it. There are two
kinds of int8: dynamic range (weights in int8, activations quantised as they come), and full integer (activations too,
by scales that 300 training pictures gave). Full integer is kept of a member that it makes a fifth faster at least, at
the price of at most one point of the public test. The softmax stays in float: in int8 it gives probabilities in steps
of 1/256, which do not sum to 1. So do the first three convolutions: of all layers theirs are the coarsest steps, and
there are few of them (docs/adr/0012).

int8 is served where the best vote of such members loses at most 0.2 points of the public test against the best of the
float ones. So the weights of the votes are chosen afterwards, by `training.vote`.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from training import fer2013, manifest
from training.command_help import DATA_HELP, help_of
from training.export import SIGNATURE
from training.fer2013 import Split
from training.lite import FLOAT_FILE, INT8_FILE, LiteMember
from training.measures import accuracy
from training.vote import Predictions, choose_weights, weighted_mean

MOST_LOST = 0.002  # of the vote's accuracy
MOST_LOST_BY_MEMBER = 0.01  # and of a member's, by full integer against dynamic range
FASTER = 0.8  # of dynamic range's time, which full integer takes at most
TIMED = 5  # times by turns, since something else may slow one of them
CALIBRATION_PICTURES = 300
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
FLOAT_CONVOLUTIONS = 3  # of full integer, the first ones

Calibration = NDArray[np.uint8] | None


def quantised(version_folder: Path, calibration: Calibration = None) -> bytes:
    """The member's SavedModel as int8 `.tflite`: full integer with `calibration` pictures [n, 48, 48], else dynamic."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(version_folder), signature_keys=[SIGNATURE])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if calibration is None:
        return bytes(converter.convert())
    converter.representative_dataset = lambda: ({"crops": picture[None, :, :, None]} for picture in calibration)
    first_convolutions = convolutions_of(_full_integer(converter, []))[:FLOAT_CONVOLUTIONS]
    return _full_integer(converter, first_convolutions)


def _full_integer(converter: tf.lite.TFLiteConverter, left_in_float: list[str]) -> bytes:
    # TensorFlow's way to leave operations in float; nothing is debugged.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=["SOFTMAX"], denylisted_nodes=left_in_float)
    selective = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
    )
    return bytes(selective.get_nondebug_quantized_model())


def convolutions_of(model: bytes) -> list[str]:
    """The names of what a `.tflite` model's convolutions give, in the order in which they are computed."""
    interpreter = tf.lite.Interpreter(model_content=model)
    names = {tensor["index"]: tensor["name"] for tensor in interpreter.get_tensor_details()}
    # The one way that TensorFlow has to ask for operations; its own debugger goes it, too.
    operations = interpreter._get_ops_details()  # noqa: SLF001
    return [names[operation["outputs"][0]] for operation in operations if operation["op_name"] in CONVOLUTIONS]


def calibration_pictures(train: Split) -> NDArray[np.uint8]:
    """Some training pictures, the same ones each time."""
    return fer2013.some_of(train.pictures, CALIBRATION_PICTURES, seed=1)


def is_worth_it(full: LiteMember, dynamic: LiteMember, public_test: Split) -> bool:
    """Whether full integer is so much faster than dynamic range, and so little worse, that it is kept."""
    picture = public_test.pictures[0]
    ratios = [full.ms_per_crop(picture) / dynamic.ms_per_crop(picture) for _ in range(TIMED)]
    if np.median(ratios) > FASTER:
        return False
    shares = [accuracy(member.probabilities(public_test.pictures), public_test.labels) for member in (full, dynamic)]
    return shares[0] >= shares[1] - MOST_LOST_BY_MEMBER


def write_int8(version_folder: Path, calibration: NDArray[np.uint8], public_test: Split) -> bool:
    """Write the member's int8 file, once and whole, for a server may watch the folder; whether it is full integer."""
    with tempfile.TemporaryDirectory(dir=version_folder.parent, prefix=".quantise-") as folder:
        dynamic, full = Path(folder) / "dynamic.tflite", Path(folder) / "full.tflite"
        dynamic.write_bytes(quantised(version_folder))
        full.write_bytes(quantised(version_folder, calibration))
        is_full = is_worth_it(LiteMember(full), LiteMember(dynamic), public_test)
        (full if is_full else dynamic).rename(version_folder / INT8_FILE)
    return is_full


def asked(files: Mapping[str, Path], splits: Sequence[Split]) -> tuple[list[Predictions], dict[str, float]]:
    """What the members say of each split, and the milliseconds that each takes for one crop."""
    members = {name: LiteMember(file) for name, file in files.items()}
    said: list[Predictions] = [
        {name: member.probabilities(split.pictures) for name, member in members.items()} for split in splits
    ]
    return said, {name: member.ms_per_crop(splits[0].pictures[0]) for name, member in members.items()}


def vote_figures(
    said: Sequence[Predictions], ms_per_crop: Mapping[str, float], weights: Mapping[str, float], splits: Sequence[Split]
) -> dict[str, float]:
    """The vote's accuracy on each split, and its members' time for one crop."""
    shares = {
        f"{split.name}_accuracy": round(accuracy(weighted_mean(own, weights), split.labels), 5)
        for split, own in zip(splits, said, strict=True)
    }
    return shares | {"ms_per_crop": round(sum(ms_per_crop[name] for name in weights), 3)}


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    known = manifest.read_manifest(models)["members"]
    folders = {name: models / name / str(facts["version"]) for name, facts in known.items()}
    dataset = fer2013.load(data)
    splits = [dataset.public_test, dataset.private_test]
    calibration = calibration_pictures(dataset.train)
    full_integer = [
        name
        for name, folder in tqdm(folders.items(), desc="int8", unit="member")
        if write_int8(folder, calibration, dataset.public_test)
    ]
    exact, coarse = (
        asked({name: folder / file for name, folder in folders.items()}, splits) for file in (FLOAT_FILE, INT8_FILE)
    )
    of_exact, of_coarse = (choose_weights(said[0], dataset.public_test.labels) for said, _ in (exact, coarse))
    measured = {"float": vote_figures(*exact, of_exact, splits), "int8": vote_figures(*coarse, of_coarse, splits)}
    lost = measured["float"]["public_test_accuracy"] - measured["int8"]["public_test_accuracy"]
    served, weights = (INT8_FILE, of_coarse) if lost <= MOST_LOST else (FLOAT_FILE, of_exact)
    measured["float_as_served"] = vote_figures(*exact, weights, splits)
    figures = {f"{form}_{name}": value for form, own in measured.items() for name, value in own.items()}
    manifest.record_quantisation(models, served, {"full_integer": full_integer, **figures})
    for form, own in measured.items():
        click.echo(
            f"{form}: {own['public_test_accuracy']:.2%} of the public test, "
            f"{own['private_test_accuracy']:.2%} of the private test, {own['ms_per_crop']:.2f} ms a crop"
        )
    click.echo(f"full integer: {', '.join(full_integer) or 'none'}; a bare machine serves {served}")
    click.echo("python -m training.vote chooses the votes' weights by it")


if __name__ == "__main__":
    main()
