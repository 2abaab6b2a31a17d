"""Measure what reading the mirrored crop too is worth, and what it costs: each member once more without it.

    python -m training.mirroring --data ../shared/data/fer2013

exports every mirrored member's weights (`training.export --mirrored`) as a plain twin, into a folder that is not
kept, and compares the two float files by accuracy and by time of one crop; for the vote with the default
weights, the sum of the times. The figures go into `models/experiments.json` under "mirroring". Nothing is chosen
here, and the private test is only measured.
"""

import tempfile
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from training import fer2013, manifest
from training.experiments import record_experiment
from training.export import export, read_exported
from training.lite import FLOAT_FILE, LiteMember
from training.measures import accuracy
from training.vote import soft_vote

FORMS = ("plain", "mirrored")
Said = dict[str, dict[str, Any]]
"""Member -> what it says of each split, and "ms"."""


def both_forms(models: Path, unkept: Path) -> dict[str, dict[str, Path]]:
    """Form -> member -> its float file, of the members that are mirrored; the plain ones are written to `unkept`."""
    files: dict[str, dict[str, Path]] = {form: {} for form in FORMS}
    for name, facts in manifest.read_manifest(models)["members"].items():
        if facts["mirrored"]:
            version = models / name / str(facts["version"])
            twin = export(name, 1, unkept, read_exported(version, facts), facts["temperature"], mirrored=False)
            files["plain"][name], files["mirrored"][name] = twin / FLOAT_FILE, version / FLOAT_FILE
    return files


def compare(files: dict[str, dict[str, Path]], weights: dict[str, float], splits: list[fer2013.Split]) -> Said:
    """Member or "vote" -> form -> accuracy on each split by its name, and `ms_per_crop`."""
    measured: Said = {name: {} for name in (*files["plain"], "vote")}
    for form, of_members in files.items():
        said: Said = {}
        for name, file in tqdm(of_members.items(), desc=form, unit="member"):
            member = LiteMember(file)
            said[name] = {split.name: member.probabilities(split.pictures) for split in splits}
            measured[name][form] = {
                split.name: accuracy(said[name][split.name], split.labels) for split in splits
            } | {"ms_per_crop": member.ms_per_crop(splits[0].pictures[0])}  # fmt: skip
        voting = {name: weight for name, weight in weights.items() if name in said}
        measured["vote"][form] = {
            split.name: accuracy(soft_vote({name: said[name][split.name] for name in voting}, voting), split.labels)
            for split in splits
        } | {"ms_per_crop": sum(measured[name][form]["ms_per_crop"] for name in voting)}
    return measured


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="folder of the .npz files")
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    dataset, weights = fer2013.load(data), manifest.read_manifest(models)["votes"]["default"]["weights"]
    with tempfile.TemporaryDirectory() as unkept:
        files = both_forms(models, Path(unkept))
        if not files["plain"]:
            raise click.ClickException(f"no member of {models} is mirrored")
        measured = compare(files, weights, [dataset.public_test, dataset.private_test])
    record_experiment(models, "mirroring", measured)
    for name, forms in measured.items():
        told = (f"{form} {each['public_test']:.2%}, {each['ms_per_crop']:.2f} ms" for form, each in forms.items())
        click.echo(f"{name}: {'; '.join(told)} (public test)")


if __name__ == "__main__":
    main()
