"""Measure the exported members and their soft vote on labelled pictures; TensorFlow is not needed.

    python -m training.evaluate --data ../shared/data/fer2013 [--members a,b] [--profile default] [--json]
    python -m training.evaluate --data ../shared/data/fer2013 --plots DIR --robustness
    python -m training.evaluate --data ../shared/data/fer2013 --served http://127.0.0.1:8080
    python -m training.evaluate --data ../shared/data/fer2013 --record --robustness
    python -m training.evaluate --data JAFFE --dataset jaffe

The first runs every member's file, as a bare machine serves it, over the private test and, for what is chosen
there, the public test. `--served` also sends the test through a running platform, cropped and uncropped, and fails
where it answers anything but the offline vote; with `--float` where TensorFlow Serving serves the members.
`--record` writes the figures into `models/models.toml` and `models/measured.json`, from which
`training.model_card` makes the card; without `--robustness` or `--served` it has no such part.
FER2013 may be the .npz files, Kaggle's CSV or Kaggle's folders; other data sets are one split, taken as
already cropped to the face. Files that can't be used are listed on the standard error and left out.
"""

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from training import manifest
from training.auxiliary import learned_from
from training.command_help import help_of
from training.datasets import KINDS, Dataset, open_dataset
from training.experiments import rounded
from training.fer2013 import Split
from training.figures import Report, published
from training.panel import Panel, PanelError, measure, measure_robustness, open_panel
from training.plots import write_plots
from training.replacing import replacing
from training.report import as_text
from training.served import ServedError, make_sure_it_is_ready, measure_served

MEASURED = "measured.json"
LISTED = 20  # skipped files that are named one by one


def limited(dataset: Dataset, count: int | None) -> Dataset:
    """The data set with `count` pictures of each test, all of them for None."""
    public_test = None if dataset.public_test is None else spread(dataset.public_test, count)
    return replace(dataset, test=spread(dataset.test, count), public_test=public_test)


def spread(split: Split, count: int | None) -> Split:
    """`count` pictures at even distances: the files stand in the order of their labels, so the first are all alike."""
    if count is None or count >= len(split):
        return split
    chosen = np.zeros(len(split), dtype=np.bool_)
    chosen[np.arange(count) * len(split) // count] = True
    return split.where(chosen)


def record(report: Report, models: Path, measured_of: Report) -> None:
    """Write the figures where the platform and the model card read them, and which files and votes they are of."""
    manifest.record_measured(
        models,
        **{
            section: {
                name: _recorded(report["public_test"][section][name], own) for name, own in report[section].items()
            }
            for section in ("members", "votes")
        },
    )
    report = report | {"of": measured_of}
    with replacing(models / MEASURED) as file:
        file.write(f"{json.dumps(report, indent=2)}\n".encode())


def _recorded(public: Report, private: Report) -> dict[str, float]:
    """The shares that the manifest carries and `/v1/models` shows; TOML has no null, so what is unknown is left out."""
    shares = {
        "public_test_accuracy": public["accuracy"],
        "private_test_accuracy": private["accuracy"],
        "private_test_ece": private["ece"],
        "private_test_ferplus_agreement": private["ferplus_agreement"],
    }
    return {name: share for name, share in shares.items() if share is not None}


def say_what_was_left_out(dataset: Dataset) -> None:
    """Notes and skipped files, on the standard error so that JSON stays alone on the other."""
    for note in dataset.notes:
        click.echo(note, err=True)
    for line in dataset.skipped[:LISTED]:
        click.echo(f"skipped {line}", err=True)
    if len(dataset.skipped) > LISTED:
        click.echo(f"… and {len(dataset.skipped) - LISTED} more skipped", err=True)


def measure_all(panel: Panel, dataset: Dataset, robustness: bool, served_url: str | None) -> Report:
    """The whole report, with what was asked for."""
    asked_for: Report = {}
    if served_url:  # first, for it may fail
        asked_for["served"] = measure_served(
            served_url, dataset.test, lambda pictures: panel.vote(panel.predictions(pictures)), panel.profile
        )
    report = measure(panel, dataset)
    if robustness:
        asked_for["robustness"] = measure_robustness(panel, dataset.test)
    report |= asked_for
    shown: Report = rounded(report)
    return shown


def refuse_what_was_learned(panel: Panel, models: Path, kind: str) -> None:
    """No figure of pictures that a member was trained on; which folder it learned from is not known, so a word."""
    known = manifest.read_manifest(models)["members"]
    learned = ", ".join(name for name in panel.members if learned_from(known[name]["training"], kind))
    if learned and kind == "folder":
        click.echo(
            f"{learned} learned from a folder of pictures: if it was this one, the figures are no test", err=True
        )
    elif learned:
        raise click.UsageError(
            f"{learned} learned from {kind}, so it can't be measured on it; leave it out by --members"
        )


def refuse_partial_record(
    dataset: Dataset, limit: int | None, members: str | None, profile: str, *, as_float: bool
) -> None:
    """What is recorded is all members, as they are served, and the default vote on both official tests, whole."""
    if dataset.public_test is None or limit or members or as_float or profile != "default":
        raise click.UsageError(
            "--record needs FER2013's public and private test, whole: no --limit, --members, --float or other --profile"
        )


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="folder, or Kaggle's CSV")
@click.option("--dataset", "kind", type=click.Choice(list(KINDS)), default="fer2013", show_default=True)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
@click.option("--members", metavar="A,B", help="these only; they vote as in the profile, or equally")
@click.option("--profile", default="default", show_default=True, help="the vote of models.toml to report")
@click.option("--float", "as_float", is_flag=True, help="the float files, also where a bare machine serves int8")
@click.option("--robustness", is_flag=True, help="also in bad light, blurred, rotated, covered … (9 times as long)")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="folder for the PNGs")
@click.option("--served", "served_url", metavar="URL", help="a running platform to send the test through")
@click.option("--limit", type=click.IntRange(min=1), help="so many pictures of each split, evenly spread")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else")
@click.option("--record", "do_record", is_flag=True, help="write models.toml and measured.json")
def main(
    data: Path,
    kind: str,
    models: Path,
    members: str | None,
    profile: str,
    as_float: bool,
    robustness: bool,
    plots: Path | None,
    served_url: str | None,
    limit: int | None,
    as_json: bool,
    do_record: bool,
) -> None:
    if served_url and members:
        raise click.UsageError("a platform serves all members of the vote: no --members")
    try:
        if served_url:
            make_sure_it_is_ready(served_url)
        measured_of = manifest.identity(manifest.read_manifest(models))
        panel = open_panel(models, members.split(",") if members else (), profile, as_float=as_float)
        refuse_what_was_learned(panel, models, kind)
        dataset = limited(open_dataset(kind, data), limit)
        say_what_was_left_out(dataset)
        if do_record:
            refuse_partial_record(dataset, limit, members, profile, as_float=as_float)
        if as_json and not (do_record or plots):  # nothing that is printed needs the public test
            dataset = replace(dataset, public_test=None)
        report = measure_all(panel, dataset, robustness, served_url)
    except (PanelError, ServedError) as error:
        raise click.ClickException(str(error)) from error
    if do_record:
        record(report, models, measured_of)
    if plots:
        write_plots(report, plots)
    click.echo(json.dumps(published(report), indent=2) if as_json else as_text(report), nl=as_json)


if __name__ == "__main__":
    main()
