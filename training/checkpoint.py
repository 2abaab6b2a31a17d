"""One run's state in one .npz file, written whole or not at all."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from training.replacing import replacing


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a run needs to go on: arrays stand in the order of the model's and optimizer's own lists."""

    configuration: dict[str, Any]
    epoch: int
    variables: list[NDArray[Any]]
    averaged: list[NDArray[Any]]
    optimizer: list[NDArray[Any]]
    public_accuracies: list[float] = field(default_factory=list)  # as measured so far; older checkpoints have none


ARRAY_LISTS = ("variables", "averaged", "optimizer")


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file in one step, so that a kill leaves the old checkpoint or the new one."""
    arrays = {
        f"{name}/{index:04d}": array for name in ARRAY_LISTS for index, array in enumerate(getattr(checkpoint, name))
    }
    plain = ("configuration", "epoch", "public_accuracies")
    about = json.dumps({name: getattr(checkpoint, name) for name in plain})
    with replacing(path) as file:
        np.savez(file, about=np.array(about), **arrays)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote. Raises click.ClickException where there is nothing of the kind."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            lists: dict[str, Any] = {
                name: [arrays[key] for key in sorted(arrays.files) if key.startswith(f"{name}/")]
                for name in ARRAY_LISTS
            }
    except FileNotFoundError as error:
        raise click.ClickException(f"{path} is missing: a run's folder has it after its first epoch") from error
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise click.ClickException(f"{path} is no checkpoint of training.train ({error})") from error
    return Checkpoint(**about, **lists)
