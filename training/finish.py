"""Finish a network on pictures as they are, once it was trained on varied ones.

    python -m training.finish runs/face_mobilenet --data ../shared/data/fer2013 --teacher models/vgg/5/model.tflite
    python -m training.finish models/residual/3 --data ../shared/data/fer2013     # an exported version
    python -m training.finish models/residual/3 --epochs 4 --set rotation_degrees=8 --data ../shared/data/fer2013

writes `RUNS/NAME/checkpoint.npz`, which `training.export` exports as any run. It takes minutes and starts anew each
time.

Training warps (which blurs), relights, erases and mixes pictures, and a crop is nothing of that. An epoch more, at a
tenth of the rate, of pictures that are mirrored at the most fits every layer to what it will be asked about. It is the
idea of FixRes (Touvron et al., arXiv 1906.06423), where pictures differ in size. Many such epochs would learn the
labels by heart. Class weights and pictures beside FER2013's are left out.
"""

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import keras
import numpy as np
from numpy.typing import NDArray

from training import fer2013
from training.augmentation import Augmentation
from training.checkpoint import Checkpoint, write_checkpoint
from training.command_help import DATA_HELP, help_of
from training.distillation import taught
from training.export import logits_of, rebuild
from training.precise_bn import MEASURED_ON, unfold, with_precise_bn
from training.train import (
    PRECISIONS,
    SET_HELP,
    TEACHER_HELP,
    Configuration,
    Trainer,
    configuration_from,
    targets,
    with_settings,
)
from training.trained import FINISHED, names_of, read_trained

AS_THEY_ARE = Augmentation(0.0, 0.0, 0.0, brightness=0.0, contrast=0.0, erasing=0.0)
OF_THE_RATE = 0.1
WARM_UP_EPOCHS = 0.2
NOT_TO_BE_SET = {
    "epochs": "--epochs is its option",
    "precision": "--precision is its option",
    "distillation": "--distillation is its option",
    "class_weights": "finishing has none",
    "ferplus_head": "only first heads are finished",
    "backbone_weights": "all weights are there",
}


def finishing(
    checkpoint: Checkpoint, epochs: int = 1, precision: str = "float32", settings: Sequence[str] = ()
) -> Configuration:
    """How to go on: at full size, with the labels' own head, at a rate that falls to nothing; then as the settings say.

    Raises click.ClickException for one whose head learned FER+'s annotators beside another, and for a finished one, of
    which nothing would tell how it was finished before.
    """
    if FINISHED in checkpoint.configuration:
        raise click.ClickException("it is finished already; go on from what it was before, with more --epochs")
    if "head" in checkpoint.configuration:
        raise click.ClickException(
            "it answers as FER+'s annotators do, by a second head; only first heads are finished"
        )
    known = {field.name for field in fields(Configuration)}
    trained = configuration_from({name: value for name, value in checkpoint.configuration.items() if name in known})
    own = replace(
        trained,
        epochs=epochs,
        learning_rate=OF_THE_RATE * trained.learning_rate,
        schedule="cosine",
        warm_up_epochs=WARM_UP_EPOCHS,
        small_share=0.0,
        ferplus_head=0.0,
        backbone_weights="none",  # all weights are there
        precision=precision,
        augmentation=AS_THEY_ARE,
    )
    asked = [setting.partition("=")[0].strip() for setting in settings]
    if refused := [f"{name} ({why})" for name, why in NOT_TO_BE_SET.items() if name in asked]:
        raise click.ClickException(f"--set can't change {', '.join(refused)}")
    return with_settings(own, settings)


def finished(
    checkpoint: Checkpoint, pictures: NDArray[np.uint8], labels: NDArray[np.float32], configuration: Configuration
) -> Checkpoint:
    """The checkpoint's network after the epochs of pictures [n, 48, 48] and shares of labels [n, 7]."""
    trainer = Trainer(configuration)
    trainer.model.set_weights(_as_exported(checkpoint, pictures).get_weights())
    trainer.begin_with(pictures[..., None])
    for epoch in range(configuration.epochs):
        trainer.train_epoch(epoch, pictures[..., None], labels)
    told = {name: value for name, value in checkpoint.configuration.items() if name != MEASURED_ON}
    done = told | {FINISHED: configuration.epochs, "finishing_rate": round(configuration.learning_rate, 9)}
    after = trainer.checkpoint(checkpoint.epoch)
    return replace(after, configuration=done)


def _as_exported(checkpoint: Checkpoint, pictures: NDArray[np.uint8]) -> keras.Model:
    """The network with the statistics of pictures as they are. Some architectures write into their weights what theirs
    are before they are trained (`begin_with`), so measuring them afterwards would come too late. Raises
    click.ClickException for an exported network with a backbone.
    """
    model = rebuild(checkpoint)
    if not checkpoint.variables and any(isinstance(layer, keras.Model) for layer in model.layers):
        raise click.ClickException(
            "this is an exported network with a backbone, whose normalisations are folded in; give its run's folder"
        )
    if checkpoint.configuration.get(MEASURED_ON):
        unfold(model, checkpoint, pictures)
    else:
        with_precise_bn(model, checkpoint, pictures)
    return model


def telling(
    checkpoint: Checkpoint, teachers: Sequence[str], distillation: float, settings: Sequence[str]
) -> Checkpoint:
    """The same, telling who taught it at the end, and which settings were not as they are without any."""
    told = {
        "finishing_teachers": names_of(teachers),
        "finishing_distillation": distillation if teachers else 0.0,
        "finishing_settings": ", ".join(settings),
    }
    return replace(checkpoint, configuration=checkpoint.configuration | told)


def public_accuracy(checkpoint: Checkpoint, pictures: NDArray[np.uint8], public_test: fer2013.Split) -> float:
    """Of the network as `training.export` would export it without `--mirrored`, its statistics those of `pictures`."""
    model = rebuild(checkpoint)
    with_precise_bn(model, checkpoint, pictures)
    return float((logits_of(model, public_test.pictures).argmax(axis=1) == public_test.labels).mean())


@click.command(help=help_of(__doc__))
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--name", help="the new run's folder; by default RUN's or the member's, and _finished")
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--teacher", "teachers", multiple=True, metavar="FILE", help=TEACHER_HELP)
@click.option("--distillation", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="the teachers' share")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help=SET_HELP)
@click.option("--precision", type=click.Choice(PRECISIONS), default="float32", show_default=True)
def main(
    run: Path,
    data: Path,
    runs: Path,
    name: str | None,
    epochs: int,
    teachers: tuple[str, ...],
    distillation: float,
    settings: tuple[str, ...],
    precision: str,
) -> None:
    member, checkpoint = read_trained(run)
    folder = runs / (name or f"{member}_finished")
    if folder.resolve() == run.resolve():
        raise click.ClickException(f"{folder} is the run that is to be finished; give another --name")
    if (folder / "checkpoint.npz").exists():
        raise click.ClickException(f"{folder} holds another run's checkpoint; give another --name, or move it away")
    configuration = finishing(checkpoint, epochs, precision, settings)
    dataset = fer2013.load(data)
    train = dataset.train
    own = targets(train, configuration.ferplus)
    labels = taught(own, train.pictures, teachers, distillation)
    after = telling(finished(checkpoint, train.pictures, labels, configuration), teachers, distillation, settings)
    folder.mkdir(parents=True, exist_ok=True)
    write_checkpoint(folder / "checkpoint.npz", after)
    shares = [public_accuracy(each, train.pictures, dataset.public_test) for each in (checkpoint, after)]
    click.echo(f"{folder}: {shares[1]:.2%} of the public test, {shares[0]:.2%} before, not mirrored")


if __name__ == "__main__":
    main()
