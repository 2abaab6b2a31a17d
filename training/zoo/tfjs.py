"""Weights as TensorFlow.js keeps them: a manifest in JSON, and the files of bytes that it names beside it.

The manifest is TensorFlow.js's own `weightsManifest`: groups of files whose bytes, joined, are the group's weights one
after the other, each as float32 or in half or a quarter of the bytes as its `quantization` tells.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]


def read_weights(model: Path) -> Weights:
    """Name -> weights of the model in the `.json` file. Raises OSError, ValueError, KeyError or TypeError."""
    weights: Weights = {}
    for group in json.loads(model.read_text())["weightsManifest"]:
        raw = b"".join((model.parent / file).read_bytes() for file in group["paths"])
        start = 0
        for entry in group["weights"]:
            stored, end = _stored(entry, raw, start)
            weights[entry["name"]] = _restored(entry, stored)
            start = end
        if start != len(raw):
            raise ValueError(f"{model} tells of {start} bytes of weights, its files hold {len(raw)}")
    return weights


def _stored(entry: dict[str, Any], raw: bytes, start: int) -> tuple[NDArray[Any], int]:
    dtype = np.dtype(entry.get("quantization", entry)["dtype"])
    count = int(np.prod(entry["shape"], dtype=int))
    return np.frombuffer(raw, dtype, count, start).reshape(entry["shape"]), start + count * dtype.itemsize


def _restored(entry: dict[str, Any], stored: NDArray[Any]) -> NDArray[np.float32]:
    quantised = entry.get("quantization", {})
    return (stored * np.float32(quantised.get("scale", 1.0)) + np.float32(quantised.get("min", 0.0))).astype(np.float32)
