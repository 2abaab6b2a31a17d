"""Export every member in int8 beside its float file, and decide which of the two a bare machine serves.

    python -m training.quantise --data ../shared/data/fer2013

writes `models/<member>/<version>/model.int8.tflite` (weights in int8, activations quantised as they come:
LiteRT's dynamic range) and, in `models.toml`, what the default vote loses by it. Full integer quantisation,
with activations calibrated on 300 training pictures, is measured beside it and not kept: it gives probabilities in
steps of 1/256, which do not sum to 1. int8 is served where the vote's accuracy on the public test drops by at most 0.2
points.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training import fer2013, manifest
from training.export import SIGNATURE
from training.fer2013 import Split
from training.lite import FLOAT_FILE, INT8_FILE, LiteMember
from training.measures import accuracy
from training.vote import soft_vote

MOST_LOST = 0.002
CALIBRATION_PICTURES = 300

Calibration = NDArray[np.uint8] | None


def quantised(version_folder: Path, calibration: Calibration = None) -> bytes:
    """The member's SavedModel as int8 `.tflite`: full integer with `calibration` pictures [n, 48, 48], else dynamic."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(version_folder), signature_keys=[SIGNATURE])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if calibration is not None:
        converter.representative_dataset = lambda: ({"crops": picture[None, :, :, None]} for picture in calibration)
    return bytes(converter.convert())


def calibration_pictures(train: Split) -> NDArray[np.uint8]:
    """Some training pictures, the same ones each time."""
    chosen = np.random.default_rng(1).choice(len(train), min(CALIBRATION_PICTURES, len(train)), replace=False)
    return train.pictures[chosen]


def vote_accuracies(
    members: list[Path], weights: dict[str, float], splits: list[Split], file: Callable[[Path], Path]
) -> list[float]:
    """The vote's accuracy on each split, its members read from `file(version folder)`."""
    predictions = [
        {folder.parent.name: LiteMember(file(folder)).probabilities(split.pictures) for folder in members}
        for split in splits
    ]
    return [accuracy(soft_vote(own, weights), split.labels) for own, split in zip(predictions, splits, strict=True)]


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    known = manifest.read_manifest(models)
    folders = [models / name / str(facts["version"]) for name, facts in known["members"].items()]
    weights = known["votes"]["default"]["weights"]
    dataset = fer2013.load(data)
    splits = [dataset.public_test, dataset.private_test]
    calibration = calibration_pictures(fer2013.without_test_pictures(dataset))
    for folder in folders:
        (folder / INT8_FILE).write_bytes(quantised(folder))
    with tempfile.TemporaryDirectory() as unkept:
        for folder in folders:
            (Path(unkept) / folder.parent.name).write_bytes(quantised(folder, calibration))
        measured = {
            "float": vote_accuracies(folders, weights, splits, lambda folder: folder / FLOAT_FILE),
            "int8": vote_accuracies(folders, weights, splits, lambda folder: folder / INT8_FILE),
            "int8_full": vote_accuracies(folders, weights, splits, lambda folder: Path(unkept) / folder.parent.name),
        }
    files: dict[str, Callable[[Path], Path]] = {
        "float": lambda folder: folder / FLOAT_FILE,
        "int8": lambda folder: folder / INT8_FILE,
    }
    picture = dataset.public_test.pictures[0]
    milliseconds = {
        form: sum(LiteMember(file(folder)).ms_per_crop(picture) for folder in folders if folder.parent.name in weights)
        for form, file in files.items()
    }
    is_served = measured["float"][0] - measured["int8"][0] <= MOST_LOST
    manifest.record_quantisation(
        models,
        INT8_FILE if is_served else FLOAT_FILE,
        {
            f"{form}_{split.name}_accuracy": round(share, 5)
            for form, shares in measured.items()
            for split, share in zip(splits, shares, strict=True)
        }
        | {f"{form}_ms_per_crop": round(cost, 3) for form, cost in milliseconds.items()},
    )
    for form, (public, private) in measured.items():
        click.echo(f"default vote, {form}: {public:.2%} of the public test, {private:.2%} of the private test")
    click.echo(", ".join(f"{form}: {cost:.2f} ms a crop" for form, cost in milliseconds.items()))
    click.echo(f"a bare machine serves {INT8_FILE if is_served else FLOAT_FILE}")


if __name__ == "__main__":
    main()
