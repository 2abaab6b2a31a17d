"""Export every member in int8 beside its float file, and decide which of the two a bare machine serves.

    python -m training.quantise --data ../shared/data/fer2013

writes `models/<member>/<version>/model.int8.tflite` and, in `models.toml`, what the default vote loses by it. There are
two ways to int8: LiteRT's dynamic range (weights in int8, activations quantised as they come) and full integer, with
activations calibrated on 300 training pictures. Of each member dynamic range is kept, or full integer where that
answers one crop clearly sooner (seen with depthwise convolutions, of which LiteRT has no fast kernel otherwise);
dynamic range of all where the mixture loses too much and that does not. int8 is served where the vote's accuracy on the
public test drops by at most 0.2 points.
"""

import os
import shutil
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
CLEARLY_SOONER = 0.8  # of the other form's time: a second look should not choose otherwise
CALIBRATION_PICTURES = 300

FORMS = {"dynamic": False, "full": True}  # and whether activations are calibrated

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


def keep_one(
    version_folder: Path, tried: dict[str, Path], calibration: NDArray[np.uint8], picture: NDArray[np.uint8]
) -> str:
    """Convert a member in each form into `tried[form]/<member>`, copy one of them beside its float file and name it."""
    name, costs = version_folder.parent.name, {}
    for form, is_calibrated in FORMS.items():
        tried[form].mkdir(exist_ok=True)
        (tried[form] / name).write_bytes(quantised(version_folder, calibration if is_calibrated else None))
        costs[form] = LiteMember(tried[form] / name).ms_per_crop(picture)
    kept = "full" if costs["full"] < CLEARLY_SOONER * costs["dynamic"] else "dynamic"
    shutil.copyfile(tried[kept] / name, version_folder / INT8_FILE)
    return kept


def loses_too_much(measured: dict[str, list[float]], form: str) -> bool:
    """Whether the vote is less accurate on the public test, which stands first, than may be lost to int8."""
    return measured["float"][0] - measured[form][0] > MOST_LOST


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
    picture = dataset.public_test.pictures[0]
    with tempfile.TemporaryDirectory() as parent:
        tried = {form: Path(parent) / form for form in FORMS}
        kept = {folder.parent.name: keep_one(folder, tried, calibration, picture) for folder in folders}
        voters = [folder for folder in folders if folder.parent.name in weights]
        measured = {
            "float": vote_accuracies(voters, weights, splits, lambda folder: folder / FLOAT_FILE),
            "int8": vote_accuracies(voters, weights, splits, lambda folder: folder / INT8_FILE),
            **{
                f"int8_{form}": vote_accuracies(
                    voters, weights, splits, lambda folder, form=form: tried[form] / folder.parent.name
                )
                for form in FORMS
            },
        }
        if loses_too_much(measured, "int8") and not loses_too_much(measured, "int8_dynamic"):
            for folder in folders:
                shutil.copyfile(tried["dynamic"] / folder.parent.name, folder / INT8_FILE)
            kept, measured["int8"] = dict.fromkeys(kept, "dynamic"), measured["int8_dynamic"]
    files: dict[str, Callable[[Path], Path]] = {
        "float": lambda folder: folder / FLOAT_FILE,
        "int8": lambda folder: folder / INT8_FILE,
    }
    milliseconds = {
        form: sum(LiteMember(file(folder)).ms_per_crop(picture) for folder in voters) for form, file in files.items()
    }
    is_served = not loses_too_much(measured, "int8")
    manifest.record_quantisation(
        models,
        INT8_FILE if is_served else FLOAT_FILE,
        kept,
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
