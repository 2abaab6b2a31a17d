"""What trained networks say of the training pictures, as a share of what a new member learns.

    python -m training.distillation VERSION/model.tflite --data ../shared/data/fer2013 --to runs/NAME.npz

writes down what one says, the mean of each picture and its mirror image: a network may be too large for a member, but
not for a teacher, and its answers take a hundredth of its room. `training.train --teacher` takes either file.

Knowledge distillation (Hinton et al., arXiv 1503.02531) from members of the same size, as in born-again networks
(Furlanello et al., ICML 2018): where FER2013's label is one person's opinion, the teachers' doubt says which other
labels the face could have had.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training import fer2013
from training.lite import LiteMember

WRITTEN = ".npz"
STEPS = 255  # in which a probability is written down


def taught(
    own: NDArray[np.float32], pictures: NDArray[np.uint8], teachers: Sequence[str], share: float
) -> NDArray[np.float32]:
    """Shares of labels [n, 7]: `own` blended with the mean of what the teachers say of the pictures [n, 48, 48].

    `teachers` are exported members' `.tflite` files, or `.npz` files of what one said of these very pictures. Raises
    click.ClickException for one that can't be read.
    """
    if not teachers:
        return own
    said = np.zeros_like(own)
    for file in tqdm(teachers, desc="teachers", unit="teacher"):
        try:
            said += _answers(Path(file), pictures)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise click.ClickException(
                f"{file} is no teacher ({error}); give a version's .tflite, or what training.distillation wrote of one"
            ) from error
    return (share * said / len(teachers) + (1.0 - share) * own).astype(np.float32)


def _answers(file: Path, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    if file.suffix != WRITTEN:
        return _member(file).probabilities(pictures)
    with np.load(file) as written:
        said, of = written["probabilities"].astype(np.float32), str(written["pictures"])
    if of != _digest(pictures):
        raise ValueError("it was written of other pictures")
    shares: NDArray[np.float32] = said / said.sum(axis=1, keepdims=True)
    return shares


def _member(file: Path) -> LiteMember:
    return LiteMember(file, threads=len(os.sched_getaffinity(0)))


def _digest(pictures: NDArray[np.uint8]) -> str:
    return sha256(pictures.tobytes()).hexdigest()


def write_answers(file: Path, pictures: NDArray[np.uint8], target: Path) -> NDArray[np.float32]:
    """Write down what the member's `file` says of the pictures [n, 48, 48] and their mirror images; the mean [n, 7]."""
    member = _member(file)
    said: NDArray[np.float32] = (member.probabilities(pictures) + member.probabilities(pictures[:, :, ::-1])) / 2.0
    rounded = np.round(STEPS * said).astype(np.uint8)
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, probabilities=rounded, pictures=_digest(pictures))
    return said


@click.command(help=__doc__)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="FER2013")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help=f"ends in {WRITTEN}")
def main(file: Path, data: Path, target: Path) -> None:
    if target.suffix != WRITTEN:
        raise click.BadParameter(f"it ends in {WRITTEN}", param_hint="--to")
    train = fer2013.without_test_pictures(fer2013.load(data))
    try:
        said = write_answers(file, train.pictures, target)
    except ValueError as error:
        raise click.ClickException(f"{file} is no exported member ({error})") from error
    right = float((said.argmax(axis=1) == train.labels).mean())
    click.echo(
        f"{target}: {len(said):,} training pictures, {right:.1%} of their labels, {target.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
