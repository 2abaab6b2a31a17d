import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from test_export import checkpoint_with_random_weights

from training.checkpoint import read_checkpoint
from training.distillation import taught
from training.export import export
from training.fer2013 import Split
from training.lite import FLOAT_FILE, LiteMember
from training.train import Configuration, balancing_weights, learning_rate_at, resolution_at, run, targets

# A low rate, so that rounding in another order of threads stays rounding.
TINY = Configuration("baseline", epochs=4, batch_size=32, learning_rate=0.01, evaluate_every=1)
START = """
from pathlib import Path
from training.train import Configuration, run
run(Configuration("baseline", epochs=4, batch_size=32, learning_rate=0.01, evaluate_every=1),
    Path({data!r}), Path({folder!r}))
"""


def wait_until_it_exists(path: Path, process: subprocess.Popen[bytes], timeout_s: float = 90.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not path.exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_weights(dataset_folder: Path, tmp_path: Path) -> None:
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(data=str(dataset_folder), folder=str(killed))],
        cwd=Path(__file__).parents[2],
        env=os.environ,
    )
    wait_until_it_exists(killed / "checkpoint.npz", process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    epochs_before_the_kill = read_checkpoint(killed / "checkpoint.npz").epoch
    assert 1 <= epochs_before_the_kill < TINY.epochs

    run(TINY, dataset_folder, killed)
    run(TINY, dataset_folder, unbroken)

    resumed, straight = (
        read_checkpoint(killed / "checkpoint.npz"),
        read_checkpoint(unbroken / "checkpoint.npz"),
    )
    assert resumed.epoch == straight.epoch == TINY.epochs
    for name in ("variables", "averaged", "optimizer"):
        for one, other in zip(getattr(resumed, name), getattr(straight, name), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_a_run_leaves_a_log_a_curve_and_its_configuration(dataset_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(replace(TINY, epochs=2), dataset_folder, folder)
    with (folder / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(0.0 <= float(row["public_accuracy"]) <= 1.0 for row in rows)
    assert (folder / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert read_checkpoint(folder / "checkpoint.npz").configuration["batch_size"] == 32


def test_a_run_of_another_recipe_is_not_gone_on_with(dataset_folder: Path, tmp_path: Path) -> None:
    run(replace(TINY, epochs=1), dataset_folder, tmp_path / "run")
    with pytest.raises(click.ClickException, match="another configuration"):
        run(replace(TINY, epochs=2, weight_decay=0.5), dataset_folder, tmp_path / "run")


def test_the_learning_rate_warms_up_and_ends_near_nothing() -> None:
    rates = [learning_rate_at(step, 100, 10, TINY) for step in range(100)]
    assert rates[0] == pytest.approx(0.001)
    assert max(rates) == pytest.approx(0.01)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.0001


def test_the_first_epochs_read_the_small_resolution() -> None:
    configuration = Configuration("residual", epochs=10, small_resolution=32, small_share=0.7)
    assert [resolution_at(epoch, configuration) for epoch in range(10)] == [32] * 7 + [48] * 3


def test_the_annotators_are_blended_in_where_they_are_known() -> None:
    shares = np.array([[0.5, 0, 0, 0, 0, 0, 0.5], [0] * 7], np.float32)
    split = Split("train", np.zeros((2, 48, 48), np.uint8), np.array([6, 3]), shares)
    np.testing.assert_allclose(targets(split, 0.4), [[0.2, 0, 0, 0, 0, 0, 0.8], [0, 0, 0, 1, 0, 0, 0]])
    np.testing.assert_allclose(targets(split, 0.0), np.eye(7)[[6, 3]])


def test_blending_in_annotators_that_the_data_has_not_is_said_clearly() -> None:
    split = Split("train", np.zeros((1, 48, 48), np.uint8), np.array([0]))
    with pytest.raises(click.ClickException, match="no votes of FER"):
        targets(split, 0.5)


def test_a_run_learns_what_its_teachers_say_as_far_as_it_is_told_to(tmp_path: Path) -> None:
    file = export("baseline", 1, tmp_path, checkpoint_with_random_weights("baseline"), 1.0) / FLOAT_FILE
    pictures = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    own, said = np.eye(7, dtype=np.float32)[:5], LiteMember(file).probabilities(pictures)
    np.testing.assert_allclose(taught(own, pictures, [str(file)], 0.7), 0.7 * said + 0.3 * own, rtol=1e-5)
    np.testing.assert_allclose(taught(own, pictures, [str(file)] * 2, 1.0), said, rtol=1e-5)
    np.testing.assert_array_equal(taught(own, pictures, [], 0.7), own)


def test_a_teacher_that_is_no_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"absent\.tflite is no exported member"):
        taught(np.eye(7, dtype=np.float32), np.zeros((7, 48, 48), np.uint8), [str(tmp_path / "absent.tflite")], 0.5)


def test_balancing_weights_make_rare_labels_count_as_much_as_frequent_ones() -> None:
    labels = np.repeat(np.arange(7), [10, 1, 5, 40, 4, 4, 6])
    weights = balancing_weights(labels)
    np.testing.assert_allclose(weights * np.bincount(labels), 10.0, rtol=1e-5)
    assert weights[labels].mean() == pytest.approx(1.0)
