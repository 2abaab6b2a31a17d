"""Measure what test pictures that also stand in the training split would have given to the figures.

    python -m training.leakage vgg --epochs 24 --data ../shared/data/fer2013

Of FER2013's official training split 703 pictures stand in a test split, too; every other command leaves them out. This
one trains a network twice by its recipe, without them and with them, and asks both about the tests: the pictures that
stand in training, and the others. The figures go into `models/experiments.json` under "leakage", for whoever wants to
compare a figure here with one of somebody who trained on the official split. It takes as long as two trainings and
keeps nothing of either network: none that saw a test picture may become a member.
"""

import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import numpy as np
from numpy.typing import NDArray

from training import fer2013
from training.command_help import DATA_HELP, help_of
from training.experiments import Figures, record_experiment
from training.export import logits_of, rebuild
from training.measures import accuracy
from training.precise_bn import with_precise_bn
from training.train import PRECISIONS, RECIPES, Configuration, Trainer, to_learn
from training.zoo import BUILDERS


def learned(configuration: Configuration, train: fer2013.Split) -> Trainer:
    """A network trained on all of the pictures, whatever they are, from its first to its last epoch."""
    pictures, labels = train.pictures[..., None], to_learn(train, configuration)
    trainer = Trainer(configuration)
    trainer.begin_with(pictures)
    for epoch in range(configuration.epochs):
        trainer.train_epoch(epoch, pictures, labels)
    return trainer


def measured(trainer: Trainer, train: fer2013.Split, tests: dict[str, fer2013.Split]) -> dict[str, float]:
    """Accuracy on each of the tests, read as an export with `--mirrored` reads them."""
    checkpoint = trainer.checkpoint(trainer.configuration.epochs)
    model = rebuild(checkpoint)
    with_precise_bn(model, checkpoint, train.pictures)
    return {name: accuracy(logits_of(model, test.pictures, True), test.labels) for name, test in tests.items()}


def tests_of(dataset: fer2013.Fer2013) -> dict[str, fer2013.Split]:
    """Both tests, and of the private one the pictures that stand in the official training split and the others."""
    private = dataset.private_test
    twice: NDArray[np.bool_] = fer2013.found_in(private.pictures, fer2013.digests(dataset.official_train.pictures))
    if not twice.any() or twice.all():
        raise click.ClickException("the private test shares no picture with the training split, or all of them")
    return {
        "public_test": dataset.public_test,
        "private_test": private,
        "private_test_duplicates": private.where(twice),
        "private_test_others": private.where(~twice),
    }


def compare(configuration: Configuration, dataset: fer2013.Fer2013) -> Figures:
    """The figures of the network that learned without the duplicates and of its twin that learned them, too."""
    tests = tests_of(dataset)
    ways = {"left_out": dataset.train, "learned": dataset.official_train}
    told: Figures = {"n": {name: len(test) for name, test in tests.items()}}
    for way, train in ways.items():
        told[way] = {"pictures": len(train)} | measured(learned(configuration, train), train, tests)
    return told


@click.command(help=help_of(__doc__))
@click.argument("architecture", type=click.Choice(list(BUILDERS)))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), help="instead of the recipe's")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--precision", type=click.Choice(PRECISIONS), default="float32", show_default=True)
def main(architecture: str, data: Path, models: Path, epochs: int | None, seed: int, precision: str) -> None:
    recipe = RECIPES[architecture]
    configuration = replace(recipe, epochs=epochs or recipe.epochs, seed=seed, precision=precision)
    figures = compare(configuration, fer2013.load(data))
    run = {"architecture": architecture, "epochs": configuration.epochs, "seed": seed, "precision": precision}
    record_experiment(models, "leakage", run | figures)
    for way in ("left_out", "learned"):
        shares = (f"{name} {figures[way][name]:.2%}" for name in figures["n"])
        click.echo(f"{way}: {figures[way]['pictures']:,} pictures, {', '.join(shares)}")


if __name__ == "__main__":
    main()
