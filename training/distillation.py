"""What trained members say of the training pictures, as a share of what a new member learns.

Knowledge distillation (Hinton et al., arXiv 1503.02531) from members of the same size, as in born-again networks
(Furlanello et al., ICML 2018): where FER2013's label is one person's opinion, the teachers' doubt says which other
labels the face could have had.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.lite import LiteMember


def taught(
    own: NDArray[np.float32], pictures: NDArray[np.uint8], teachers: Sequence[str], share: float
) -> NDArray[np.float32]:
    """Shares of labels [n, 7]: `own` blended with the mean of what the teachers say of the pictures [n, 48, 48].

    `teachers` are exported members' `.tflite` files. Raises click.ClickException for one that can't be read.
    """
    if not teachers:
        return own
    said = np.zeros_like(own)
    for file in tqdm(teachers, desc="teachers", unit="member"):
        try:
            said += LiteMember(Path(file), threads=len(os.sched_getaffinity(0))).probabilities(pictures)
        except (OSError, ValueError) as error:
            raise click.ClickException(f"{file} is no exported member ({error}); give a version's .tflite") from error
    return (share * said / len(teachers) + (1.0 - share) * own).astype(np.float32)
