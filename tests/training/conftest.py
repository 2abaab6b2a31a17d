"""A made-up FER2013 of a few pictures, in the real one's three files."""

import os
from pathlib import Path

import numpy as np
import pytest

from training.fer2013 import FILES, LABELS

# As training.train sets them, before the first test module imports TensorFlow: other kernels round otherwise.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(autouse=True, scope="module")
def seeded_module() -> None:
    _seed()


@pytest.fixture(autouse=True)
def seeded(seeded_module: None) -> None:
    """Whatever was built before: a test that is added elsewhere must not draw other weights here."""
    _seed()


def _seed() -> None:
    import keras  # only now: TensorFlow reads the environment above when it is imported

    keras.utils.set_random_seed(1)


def made_up_pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright column whose place tells the label, so that there is something to learn."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % len(LABELS)
    pictures = random.integers(0, 120, (count, 48, 48), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[:, 3 * label : 3 * label + 3] += 120
    return pictures, labels.astype(np.uint8)


def write_split(
    directory: Path,
    name: str,
    pictures: np.ndarray,
    labels: np.ndarray,
    label_names: tuple[str, ...] = LABELS,
    **more: np.ndarray,
) -> None:
    np.savez(directory / FILES[name], images=pictures, labels=labels, label_names=np.array(label_names), **more)


@pytest.fixture
def dataset_folder(tmp_path: Path) -> Path:
    """128 training pictures, 28 a test split; no picture in two of them."""
    folder = tmp_path / "fer2013"
    folder.mkdir()
    for seed, (name, count) in enumerate((("train", 128), ("public_test", 28), ("private_test", 28))):
        write_split(folder, name, *made_up_pictures(count, seed))
    return folder
