"""What was trained, read back: a run of training.train or an exported version, each as a checkpoint.

The manifest tells of a version's training in one table of scalars, which `flat` writes and `read_exported` reads.
"""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np
import tensorflow as tf

from training import manifest
from training.augmentation import Augmentation
from training.checkpoint import Checkpoint, read_checkpoint
from training.lite import FLOAT_FILE

FINISHED = "finishing_epochs"  # the configuration's name for the epochs of training.finish, where there were any


def read_exported(version_folder: Path, facts: manifest.Table) -> Checkpoint:
    """An exported version as a checkpoint that can be exported again or finished (`training.finish`), but not gone on
    with: it has no optimizer's state.
    """
    reader = tf.train.load_checkpoint(str(version_folder / "variables" / "variables"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("weights/")]
    ordered = sorted(names, key=lambda name: int(name.split("/")[1]))
    weights = [reader.get_tensor(name).astype(np.float32) for name in ordered]
    recipe = dict(facts["training"])
    epoch = recipe.pop("epochs_trained")
    known = {field.name for field in fields(Augmentation)}
    configuration = {key: value for key, value in recipe.items() if key not in known}
    auxiliary, teachers = (filter(None, recipe.get(name, "").split(", ")) for name in ("auxiliary", "teachers"))
    configuration["auxiliary"] = tuple(auxiliary)
    configuration["teachers"] = tuple(f"{teacher}/{FLOAT_FILE}" for teacher in teachers)
    configuration["augmentation"] = {key: value for key, value in recipe.items() if key in known}
    return Checkpoint(configuration, epoch, [], weights, [])


def flat(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration as one table of scalars; of data sets beside FER2013 their kinds and of teachers their member
    and version, not where they stood.
    """
    nested = ("augmentation", "auxiliary", "teachers")
    scalars = {key: value for key, value in configuration.items() if key not in nested}
    kinds = sorted(text.partition("=")[0] for text in configuration.get("auxiliary", ()))
    return {
        **scalars,
        "auxiliary": ", ".join(kinds),
        "teachers": names_of(configuration.get("teachers", ())),
        **configuration["augmentation"],
    }


def names_of(teachers: Iterable[str]) -> str:
    """Of exported members' files the members and versions."""
    return ", ".join("/".join(Path(file).parts[-3:-1]) for file in teachers)


def read_trained(run: Path) -> tuple[str, Checkpoint]:
    """A run of training.train or an exported version: the member's name and the checkpoint."""
    if (run / "saved_model.pb").exists():
        return run.parent.name, read_exported(run, _facts_of(run))
    return run.name, read_checkpoint(run / "checkpoint.npz")


def _facts_of(version_folder: Path) -> manifest.Table:
    """What the manifest knows of an exported version. Raises click.ClickException where it tells of another one."""
    models, member = version_folder.parent.parent, version_folder.parent.name
    facts: manifest.Table | None = manifest.read_manifest(models)["members"].get(member)
    if facts is None or str(facts["version"]) != version_folder.name:
        told = f"tells of version {facts['version']}" if facts else "does not know it"
        raise click.ClickException(
            f"{version_folder}: {models / manifest.FILE_NAME} {told}, so how this one was trained is not known; "
            "check out the commit that has both"
        )
    return facts
