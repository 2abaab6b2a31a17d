"""Measure the exported members and their soft vote on FER2013; TensorFlow is not needed.

    python -m training.evaluate --data ../shared/data/fer2013 [--json] [--limit N]
    python -m training.evaluate --data ../shared/data/fer2013 --served http://127.0.0.1:8080
    python -m training.evaluate --data ../shared/data/fer2013 --record

The first runs every `model.tflite` over the public and the private test. `--served` also sends the private
test through a running platform, cropped and uncropped. `--record` writes the figures into
`models/models.toml` and `models/measured.json`, from which `training.model_card` makes the model card.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from training import fer2013, manifest
from training.fer2013 import Split
from training.lite import LiteMember
from training.measures import (
    accuracy,
    expected_calibration_error,
    macro_f1,
    macro_recall,
    wilson_interval,
)
from training.served import ServedError, measure_served
from training.vote import Predictions, soft_vote

MEASURED = "measured.json"
DIGITS = 5

Report = dict[str, Any]


def member_figures(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> Report:
    """What is measured of one member on one split."""
    return {
        "accuracy": accuracy(probabilities, labels),
        "macro_recall": macro_recall(probabilities, labels),
        "ece": expected_calibration_error(probabilities, labels),
    }


def ensemble_figures(
    predictions: Predictions, weights: Mapping[str, float], split: Split, duplicates: NDArray[np.bool_]
) -> Report:
    """What is measured of a soft vote; `duplicates` bool [n] marks pictures that stand in training too."""
    probabilities, labels = soft_vote(predictions, weights), split.labels
    share = accuracy(probabilities, labels)
    return {
        "members": list(weights),
        "weights": dict(weights),
        "accuracy": share,
        "ci95": list(wilson_interval(round(share * len(labels)), len(labels))),
        "accuracy_without_duplicates": accuracy(probabilities[~duplicates], labels[~duplicates]),
        "duplicates": int(duplicates.sum()),
        "macro_recall": macro_recall(probabilities, labels),
        "macro_f1": macro_f1(probabilities, labels),
        "ece": expected_calibration_error(probabilities, labels),
    }


def split_report(
    predictions: Predictions,
    votes: Mapping[str, Mapping[str, float]],
    split: Split,
    training_digests: set[bytes],
) -> Report:
    """Every member's and every vote's figures on one split."""
    duplicates = fer2013.found_in(split.pictures, training_digests)
    return {
        "dataset": "fer2013",
        "split": split.name,
        "n": len(split),
        "members": {name: member_figures(p, split.labels) for name, p in predictions.items()},
        "ensemble": ensemble_figures(predictions, votes["default"], split, duplicates),
        "votes": {name: ensemble_figures(predictions, weights, split, duplicates) for name, weights in votes.items()},
    }


def measure(data: Path, models: Path, limit: int | None, served_url: str | None) -> Report:
    """The whole report: the private test's figures, the public test's inside it."""
    described = manifest.read_manifest(models)
    votes = {name: vote["weights"] for name, vote in described["votes"].items()}
    members = {name: LiteMember(models / name / str(facts["version"])) for name, facts in described["members"].items()}
    training_digests = fer2013.digests(fer2013.load_split(data, "train").pictures)
    public_test, private_test = (
        fer2013.load_split(data, name).first(limit) for name in ("public_test", "private_test")
    )
    reports = {}
    for split in (public_test, private_test):
        predictions = {name: member.probabilities(split.pictures) for name, member in members.items()}
        reports[split.name] = split_report(predictions, votes, split, training_digests)
    report = reports["private_test"] | {"public_test": reports["public_test"]}
    for name, member in members.items():
        report["members"][name]["ms_per_crop"] = member.ms_per_crop(private_test.pictures[0])
    if served_url:
        report["served"] = measure_served(served_url, private_test, soft_vote(predictions, votes["default"]))
    return report


def record(report: Report, models: Path) -> None:
    """Write the figures where the platform and the model card read them."""
    public = report["public_test"]
    manifest.record_measured(
        models,
        members={
            name: {
                "public_test_accuracy": public["members"][name]["accuracy"],
                "private_test_accuracy": figures["accuracy"],
                "private_test_ece": figures["ece"],
            }
            for name, figures in report["members"].items()
        },
        votes={
            name: {
                "public_test_accuracy": public["votes"][name]["accuracy"],
                "private_test_accuracy": figures["accuracy"],
                "private_test_ece": figures["ece"],
            }
            for name, figures in report["votes"].items()
        },
    )
    (models / MEASURED).write_text(json.dumps(report, indent=2) + "\n")


def rounded(report: Report) -> Report:
    """The same report with every float cut to the digits that mean something."""
    return json.loads(json.dumps(report), parse_float=lambda digits: round(float(digits), DIGITS))  # type: ignore[no-any-return]


def as_text(report: Report) -> str:
    """The report for people to read."""
    lines = [f"private test, {report['n']:,} pictures (public test in brackets)"]
    public = report["public_test"]
    for name, figures in report["members"].items():
        lines.append(
            f"  {name:<12} {figures['accuracy']:7.2%} ({public['members'][name]['accuracy']:.2%})"
            f"  macro recall {figures['macro_recall']:.2%}  ECE {figures['ece']:.3f}"
            f"  {figures['ms_per_crop']:.2f} ms a crop"
        )
    for name, vote in report["votes"].items():
        low, high = vote["ci95"]
        weights = ", ".join(f"{member} {weight:.2f}" for member, weight in vote["weights"].items())
        lines.append(
            f"  vote {name:<7} {vote['accuracy']:7.2%} ({public['votes'][name]['accuracy']:.2%})"
            f"  95 % interval {low:.2%} to {high:.2%}"
            f"  without {vote['duplicates']} duplicates {vote['accuracy_without_duplicates']:.2%}"
            f"  ECE {vote['ece']:.3f}  [{weights}]"
        )
    for way, figures in report.get("served", {}).items():
        lines.append(f"  served {way}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="folder of the .npz files")
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
@click.option("--served", "served_url", metavar="URL", help="a running platform to send the private test through")
@click.option("--limit", type=int, help="the first pictures of each split only")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else")
@click.option("--record", "do_record", is_flag=True, help="write models.toml and measured.json")
def main(data: Path, models: Path, served_url: str | None, limit: int | None, as_json: bool, do_record: bool) -> None:
    if do_record and limit:
        raise click.UsageError("--record needs the whole splits, so no --limit")
    try:
        report = rounded(measure(data, models, limit, served_url))
    except (fer2013.DatasetError, ServedError) as error:
        raise click.ClickException(str(error)) from error
    if do_record:
        record(report, models)
    click.echo(json.dumps(report, indent=2) if as_json else as_text(report))


if __name__ == "__main__":
    main()
