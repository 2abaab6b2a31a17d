import json
from pathlib import Path

import numpy as np
import pytest

from training.zoo.tfjs import read_weights


def written(folder: Path, missing_bytes: int = 0) -> Path:
    """A model with three weights in two files, each weight stored in another way."""
    plain = np.array([[1.5, -2.0], [0.25, 8.0]], np.float32)
    half = np.array([0.5, 3.0, -1.0], np.float16)
    steps = np.array([0, 10, 255], np.uint8)
    raw = plain.tobytes() + half.tobytes() + steps.tobytes()
    raw = raw[: len(raw) - missing_bytes]
    (folder / "one.bin").write_bytes(raw[:10])
    (folder / "two.bin").write_bytes(raw[10:])
    entries = [
        {"name": "plain", "shape": [2, 2], "dtype": "float32"},
        {"name": "half", "shape": [3], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {
            "name": "steps",
            "shape": [3],
            "dtype": "float32",
            "quantization": {"dtype": "uint8", "scale": 0.1, "min": -1.0},
        },
    ]
    model = folder / "model.json"
    model.write_text(json.dumps({"weightsManifest": [{"paths": ["one.bin", "two.bin"], "weights": entries}]}))
    return model


def test_weights_are_float32_however_they_are_stored(tmp_path: Path) -> None:
    weights = read_weights(written(tmp_path))
    assert {weight.dtype for weight in weights.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(weights["plain"], [[1.5, -2.0], [0.25, 8.0]])
    np.testing.assert_array_equal(weights["half"], [0.5, 3.0, -1.0])
    np.testing.assert_allclose(weights["steps"], [-1.0, 0.0, 24.5], atol=1e-6)


@pytest.mark.parametrize("missing_bytes", [1, 3])
def test_a_file_that_is_cut_off_is_an_error(tmp_path: Path, missing_bytes: int) -> None:
    with pytest.raises(ValueError, match="buffer"):
        read_weights(written(tmp_path, missing_bytes))


def test_bytes_that_the_manifest_does_not_tell_of_are_an_error(tmp_path: Path) -> None:
    model = written(tmp_path)
    with (tmp_path / "two.bin").open("ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="hold 29"):
        read_weights(model)
