"""Measure what reading the mirrored crop too is worth, and what it costs: each member with it and without.

    python -m training.mirroring --data ../shared/data/fer2013

exports every member's weights once more in the form that it is not served in (`training.export --mirrored` or without),
into a folder that is not kept, and compares the two float files by accuracy and by time of one crop. The vote has the
default weights: with all members plain, and with those mirrored that are served so. The figures go into
`models/experiments.json` under "mirroring". Nothing is chosen here, and the private test is only measured.
"""

import tempfile
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from training import fer2013, manifest
from training.command_help import DATA_HELP, help_of
from training.experiments import record_experiment
from training.export import export
from training.lite import FLOAT_FILE, LiteMember
from training.measures import accuracy
from training.trained import read_exported
from training.vote import weighted_mean

FORMS = ("plain", "mirrored")
Said = dict[str, dict[str, Any]]
"""Member -> what it says of each split, and "ms"."""


def both_forms(models: Path, unkept: Path) -> dict[str, dict[str, Path]]:
    """Form -> member -> its float file; those of the form that a member is not served in are written to `unkept`."""
    files: dict[str, dict[str, Path]] = {form: {} for form in FORMS}
    for name, facts in manifest.read_manifest(models)["members"].items():
        version = models / name / str(facts["version"])
        served, other = reversed(FORMS) if facts["mirrored"] else FORMS
        exported = read_exported(version, facts)
        twin = export(name, 1, unkept, exported, facts["temperature"], mirrored=other == "mirrored")
        files[served][name], files[other][name] = version / FLOAT_FILE, twin / FLOAT_FILE
    return files


def compare(
    files: dict[str, dict[str, Path]], weights: dict[str, float], mirrored: set[str], splits: list[fer2013.Split]
) -> Said:
    """Member or "vote" -> form -> accuracy on each split by its name, and `ms_per_crop`.

    In the vote only the members of `mirrored` ever read the mirrored crop.
    """
    measured: Said = {name: {} for name in (*files["plain"], "vote")}
    said: dict[str, Said] = {form: {} for form in FORMS}
    for form, of_members in files.items():
        for name, file in tqdm(of_members.items(), desc=form, unit="member"):
            member = LiteMember(file)
            said[form][name] = {split.name: member.probabilities(split.pictures) for split in splits}
            measured[name][form] = {
                split.name: accuracy(said[form][name][split.name], split.labels) for split in splits
            } | {"ms_per_crop": member.ms_per_crop(splits[0].pictures[0])}  # fmt: skip
    for form in FORMS:
        read = {name: form if name in mirrored else "plain" for name in weights}
        measured["vote"][form] = {
            split.name: accuracy(
                weighted_mean({name: said[read[name]][name][split.name] for name in weights}, weights), split.labels
            )
            for split in splits
        } | {"ms_per_crop": sum(measured[name][read[name]]["ms_per_crop"] for name in weights)}
    return measured


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    dataset, described = fer2013.load(data), manifest.read_manifest(models)
    mirrored = {name for name, facts in described["members"].items() if facts["mirrored"]}
    weights = described["votes"]["default"]["weights"]
    with tempfile.TemporaryDirectory() as unkept:
        files = both_forms(models, Path(unkept))
        measured = compare(files, weights, mirrored, [dataset.public_test, dataset.private_test])
    versions = {name: facts["version"] for name, facts in described["members"].items()}
    record_experiment(models, "mirroring", {"members": versions, "weights": weights, "measured": measured})
    for name, forms in measured.items():
        told = (f"{form} {each['public_test']:.2%}, {each['ms_per_crop']:.2f} ms" for form, each in forms.items())
        click.echo(f"{name}: {'; '.join(told)} (public test)")


if __name__ == "__main__":
    main()
