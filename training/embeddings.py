"""What an exported member sees in a picture before its last dense layer, and what it makes of that."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from training import manifest
from training.export import rebuild
from training.measures import softmax
from training.trained import read_exported

BATCH = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """Of n pictures: `features` float32 [n, d], read by the last dense layer, and `probabilities` float32 [n, 7]."""

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class EmbeddingMember:
    """An exported member in Keras, with its features as a second output."""

    def __init__(self, models: Path, name: str) -> None:
        """Rebuild the member from its SavedModel's weights."""
        facts = manifest.read_manifest(models)["members"][name]
        self.name, self.version = name, facts["version"]
        self._temperature, self.mirrored = facts["temperature"], facts.get("mirrored", False)
        model = rebuild(read_exported(models / name / str(self.version), facts))
        self._network = keras.Model(model.input, [model.layers[-1].input, model.output])
        self._forward = tf.function(self._both)

    def see(self, pictures: NDArray[np.uint8], what: str = "pictures") -> Seen:
        """uint8 pictures [n, 48, 48] -> what the member sees in them."""
        starts = tqdm(range(0, len(pictures), BATCH), desc=f"{self.name}: {what}", unit="batch", mininterval=5.0)
        batches = (pictures[start : start + BATCH, :, :, None].astype(np.float32) for start in starts)
        features, logits = zip(*(self._forward(tf.constant(batch)) for batch in batches), strict=True)
        probabilities = softmax(np.concatenate(logits) / self._temperature)
        return Seen(np.concatenate(features), probabilities.astype(np.float32))

    def _both(self, pictures: tf.Tensor) -> list[tf.Tensor]:
        """Features and logits; with a mirrored member the mean of both sides', as its last layer is linear."""
        seen: list[tf.Tensor] = self._network(pictures, training=False)
        if not self.mirrored:
            return seen
        turned = self._network(tf.reverse(pictures, [2]), training=False)
        return [(one + other) / 2.0 for one, other in zip(seen, turned, strict=True)]
