from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from conftest import made_up_pictures
from test_export import checkpoint_with_random_weights

from training import manifest, quantise
from training.export import export
from training.fer2013 import Split
from training.lite import FLOAT_FILE, INT8_FILE, LiteMember
from training.quantise import convolutions_of, is_worth_it, quantised


class Member:
    """As fast and as often right as it is told to be."""

    def __init__(self, ms: float, right: int) -> None:
        self.ms, self.right = ms, right

    def ms_per_crop(self, _: np.ndarray) -> float:
        return self.ms

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        said = np.where(np.arange(len(pictures)) < self.right, 0, 1)
        return np.eye(7, dtype=np.float32)[said]


def test_int8_stands_beside_float_and_says_nearly_the_same(tmp_path: Path) -> None:
    folder = export("five_layer", 1, tmp_path, checkpoint_with_random_weights("five_layer"), 1.0)
    pictures, _ = made_up_pictures(14, seed=3)
    (folder / INT8_FILE).write_bytes(quantised(folder))
    assert (folder / INT8_FILE).stat().st_size < 0.6 * (folder / FLOAT_FILE).stat().st_size
    exact, coarse = (LiteMember(folder / name).probabilities(pictures) for name in (FLOAT_FILE, INT8_FILE))
    np.testing.assert_allclose(coarse, exact, atol=0.1)
    assert (coarse != exact).any()


@pytest.mark.parametrize("mirrored", [False, True])
def test_probabilities_of_full_integer_int8_sum_to_one_and_have_no_steps(tmp_path: Path, mirrored: bool) -> None:
    checkpoint = checkpoint_with_random_weights("five_layer")
    folder = export("five_layer", 1, tmp_path, checkpoint, 1.0, mirrored=mirrored)
    pictures, _ = made_up_pictures(14, seed=3)
    (folder / INT8_FILE).write_bytes(quantised(folder, pictures))
    exact, coarse = (LiteMember(folder / name).probabilities(pictures) for name in (FLOAT_FILE, INT8_FILE))
    np.testing.assert_allclose(coarse, exact, atol=0.1)
    np.testing.assert_allclose(coarse.sum(axis=1), 1.0, atol=1e-5)
    assert (np.abs(coarse * 256 - np.round(coarse * 256)) > 0.01).any()


@pytest.mark.parametrize(
    ("full", "is_kept"),
    [
        (Member(ms=0.79, right=100), True),
        (Member(ms=0.79, right=99), True),
        (Member(ms=0.79, right=98), False),
        (Member(ms=0.85, right=100), False),
    ],
)
def test_full_integer_is_kept_where_it_is_a_fifth_faster_and_loses_a_point_at_the_most(
    full: Any, is_kept: bool
) -> None:
    public_test = Split("public_test", np.zeros((100, 48, 48), np.uint8), np.zeros(100, np.int64))
    dynamic: Any = Member(ms=1.0, right=100)
    assert is_worth_it(full, dynamic, public_test) is is_kept


def test_the_first_three_convolutions_of_full_integer_stay_in_float(tmp_path: Path) -> None:
    folder = export("baseline", 1, tmp_path, checkpoint_with_random_weights("baseline"), 1.0)
    model = quantised(folder, made_up_pictures(14, seed=3)[0])
    kinds = {
        tensor["name"]: tensor["dtype"] for tensor in tf.lite.Interpreter(model_content=model).get_tensor_details()
    }
    assert [kinds[name] for name in convolutions_of(model)] == [np.float32] * 3 + [np.int8] * 5


def test_what_int8_costs_is_recorded_with_what_is_served(dataset_folder: Path, tmp_path: Path) -> None:
    for name in ("five_layer", "baseline"):
        export(name, 1, tmp_path, checkpoint_with_random_weights(name), 1.0)
    result = CliRunner().invoke(quantise.main, ["--data", str(dataset_folder), "--models", str(tmp_path)])
    assert result.exit_code == 0, result.output
    described = manifest.read_manifest(tmp_path)
    measured = described["quantisation"]
    assert set(measured["full_integer"]) <= {"five_layer", "baseline"}
    for form in ("float", "int8", "float_as_served"):
        assert 0.0 <= measured[f"{form}_public_test_accuracy"] <= 1.0
        assert measured[f"{form}_ms_per_crop"] > 0.0
    loses_little = measured["float_public_test_accuracy"] - measured["int8_public_test_accuracy"] <= 0.002
    assert described["bare_machine_file"] == (INT8_FILE if loses_little else FLOAT_FILE)
    for facts in described["members"].values():
        assert INT8_FILE in facts["sha256"]
