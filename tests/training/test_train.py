import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
import tensorflow as tf
from conftest import made_up_pictures
from test_export import checkpoint_with_random_weights

from training import fer2013
from training.augmentation import Augmentation
from training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from training.export import annotators_head, logits_of, rebuild
from training.fer2013 import Split
from training.ferplus import learned_ferplus
from training.replacing import replacing
from training.run_log import LOG_FIELDS, add_to_log, read_log
from training.train import (
    RECIPES,
    Configuration,
    Diverged,
    Trainer,
    balancing_weights,
    configuration_from,
    halvings,
    is_same_run,
    learning_rate_at,
    original,
    resolution_at,
    run,
    targets,
    with_annotators,
)
from training.zoo import PREPARATIONS

# A low rate, so that rounding in another order of threads stays rounding.
TINY = Configuration("baseline", epochs=4, batch_size=32, learning_rate=0.01, evaluate_every=1)
UNCHANGED = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, erasing=0.0, mirror=False)
UNTIL_THE_FIRST_CHECKPOINT = """
import os, signal
from pathlib import Path
import training.train
from training.train import Configuration, run
training.train.plot_learning_curve = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # it follows the checkpoint
run(Configuration("baseline", epochs=4, batch_size=32, learning_rate=0.01, evaluate_every=1),
    Path({data!r}), Path({folder!r}))
"""


def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_weights(dataset_folder: Path, tmp_path: Path) -> None:
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    program = UNTIL_THE_FIRST_CHECKPOINT.format(data=str(dataset_folder), folder=str(killed))
    ended = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    assert read_checkpoint(killed / "checkpoint.npz").epoch == 1

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


def test_a_run_that_diverges_says_so_and_keeps_what_it_had(dataset_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(replace(TINY, epochs=1, warm_up_epochs=0.0), dataset_folder, folder)
    checkpoint = read_checkpoint(folder / "checkpoint.npz")
    lost = [np.full_like(each, np.nan) if each.dtype.kind == "f" else each for each in checkpoint.variables]
    write_checkpoint(folder / "checkpoint.npz", replace(checkpoint, variables=lost))
    with pytest.raises(click.ClickException, match=r"diverged in epoch 2.*learning_rate"):
        run(replace(TINY, epochs=2, warm_up_epochs=0.0), dataset_folder, folder)
    assert read_checkpoint(folder / "checkpoint.npz").epoch == 1
    assert len(read_log(folder / "log.csv")) == 1


def test_weights_that_the_last_step_lost_are_not_kept_though_its_loss_was_finite(
    dataset_folder: Path, tmp_path: Path
) -> None:
    one_step = replace(TINY, epochs=1, batch_size=128, warm_up_epochs=0.0, learning_rate=float("inf"))
    with pytest.raises(Diverged):
        run(one_step, dataset_folder, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint.npz").exists()


def test_a_run_that_is_killed_between_its_log_and_its_checkpoint_loses_no_row(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(replace(TINY, epochs=1), dataset_folder, tmp_path)
    for last_words in ("add_to_log", "write_checkpoint"):
        with monkeypatch.context() as killed:
            killed.setattr(f"training.train.{last_words}", lambda *_: sys.exit("killed"))
            with pytest.raises(SystemExit):
                run(replace(TINY, epochs=2), dataset_folder, tmp_path)
    run(replace(TINY, epochs=2), dataset_folder, tmp_path)
    assert [row["epoch"] for row in read_log(tmp_path / "log.csv")] == ["1", "2"]
    assert read_checkpoint(tmp_path / "checkpoint.npz").epoch == 2


def test_an_epoch_that_is_gone_through_again_after_a_kill_stands_in_the_log_once(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    for epoch, loss in ((1, "2.0"), (2, "1.5"), (3, "1.2"), (3, "1.1")):
        add_to_log(log, dict.fromkeys(LOG_FIELDS, "") | {"epoch": epoch, "train_loss": loss})
    assert [(row["epoch"], row["train_loss"]) for row in read_log(log)] == [("1", "2.0"), ("2", "1.5"), ("3", "1.1")]


def test_a_folder_without_a_checkpoint_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="is missing: a run's folder has it after its first epoch"):
        read_checkpoint(tmp_path / "checkpoint.npz")
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(click.ClickException, match="is no checkpoint"):
        read_checkpoint(tmp_path / "checkpoint.npz")


def test_a_file_that_could_not_be_written_whole_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text("old")
    with contextlib.suppress(OSError), replacing(path) as file:
        file.write(b"half of the n")
        raise OSError("the disk is full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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


PLATEAU = replace(TINY, schedule="plateau", warm_up_epochs=0.0, averaging=0.0)


def test_the_plateaus_rate_is_halved_after_ten_epochs_without_a_better_one_and_not_before() -> None:
    best_then = [0.5, 0.6]
    assert [halvings([*best_then, *[0.6] * flat]) for flat in (0, 9, 10, 19, 20)] == [0, 0, 1, 1, 2]
    assert halvings([*best_then, *[0.55] * 9, 0.61, *[0.6] * 9]) == 0, "a better one starts the count anew"
    assert halvings([*best_then, *[0.55] * 10, 0.61, *[0.6] * 9]) == 1, "and what was halved stays halved"
    assert learning_rate_at(5, 100, 10, PLATEAU) == 0.01, "no warm-up, no accuracy yet"
    assert learning_rate_at(130, 200, 10, PLATEAU, [*best_then, *[0.6] * 10]) == 0.005


def after_nine_flat_epochs(run_folder: Path) -> None:
    """A run of ten epochs whose first was the best that there can be."""
    trainer = Trainer(PLATEAU)
    trainer.public_accuracies = [1.0, *[0.9] * 9]
    run_folder.mkdir()
    write_checkpoint(run_folder / "checkpoint.npz", trainer.checkpoint(epoch=10))


def rate_of(checkpoint: Checkpoint) -> float:
    """The learning rate of the last step, which stands behind the optimizer's count of steps."""
    return float(checkpoint.optimizer[1])


def test_a_plateau_goes_on_the_same_after_a_resume(dataset_folder: Path, tmp_path: Path) -> None:
    for name in ("broken", "straight"):
        after_nine_flat_epochs(tmp_path / name)
    run(replace(PLATEAU, epochs=11), dataset_folder, tmp_path / "broken")
    assert rate_of(read_checkpoint(tmp_path / "broken" / "checkpoint.npz")) == pytest.approx(0.01), "nine were flat"
    run(replace(PLATEAU, epochs=12), dataset_folder, tmp_path / "broken")
    run(replace(PLATEAU, epochs=12), dataset_folder, tmp_path / "straight")

    broken, straight = (read_checkpoint(tmp_path / name / "checkpoint.npz") for name in ("broken", "straight"))
    assert rate_of(broken) == rate_of(straight) == pytest.approx(0.005), "the tenth was flat too"
    assert broken.public_accuracies == straight.public_accuracies
    assert len(broken.public_accuracies) == 12


def test_the_originals_recipe_is_five_layers_whole_and_of_the_others_the_augmentation() -> None:
    five_layer, vgg = original("five_layer"), original("vgg")
    assert (five_layer.schedule, five_layer.learning_rate, five_layer.momentum) == ("plateau", 0.1, 0.9)
    assert (five_layer.batch_size, five_layer.weight_decay, five_layer.nesterov) == (64, 1e-4, False)
    assert five_layer.augmentation == Augmentation(10.0, 0.1, 0.1, 0.0, 0.0, erasing=0.0, mixup=0.0, mirror=True)
    assert vgg == replace(RECIPES["vgg"], augmentation=five_layer.augmentation)


def test_a_run_from_before_there_were_schedules_goes_on() -> None:
    stored = {
        "architecture": "residual", "epochs": 60, "batch_size": 128, "learning_rate": 0.1, "warm_up_epochs": 1.0,
        "momentum": 0.9, "weight_decay": 0.0005, "label_smoothing": 0.1, "averaging": 0.998, "small_resolution": 32,
        "small_share": 0.7, "precision": "float32", "evaluate_every": 2, "seed": 1,
        "augmentation": {
            "rotation_degrees": 12.0, "zoom": 0.12, "shift": 0.12, "brightness": 0.2, "contrast": 0.2, "erasing": 0.25,
        },
    }  # fmt: skip
    configuration = configuration_from(stored)
    assert (configuration.schedule, configuration.nesterov, configuration.augmentation.mirror) == ("cosine", True, True)
    assert is_same_run(configuration, replace(RECIPES["residual"], epochs=90))


def test_a_checkpoint_from_before_accuracies_were_kept_is_read(tmp_path: Path) -> None:
    about = json.dumps({"configuration": {"seed": 1}, "epoch": 3})
    np.savez(tmp_path / "checkpoint.npz", about=np.array(about), **{"variables/0000": np.zeros(2)})
    checkpoint = read_checkpoint(tmp_path / "checkpoint.npz")
    assert (checkpoint.epoch, checkpoint.public_accuracies) == (3, [])


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


def test_a_second_head_learns_the_annotators_and_is_exported_when_asked_for(dataset_folder: Path) -> None:
    pictures, labels = made_up_pictures(28, seed=0)
    shares = np.eye(7, dtype=np.float32)[(labels + 1) % 7]
    shares[:4] = 0.0  # nobody's votes
    split = Split("train", pictures, labels.astype(np.int64), shares)
    trainer = Trainer(replace(TINY, ferplus_head=1.0, label_smoothing=0.0, averaging=0.0, augmentation=UNCHANGED))
    batch = tf.constant(pictures[..., None]), tf.constant(with_annotators(targets(split, 0.0), split))
    trainer.optimizer.learning_rate.assign(0.02)
    losses = [float(trainer.step(*batch, tf.constant([1, step], tf.int32), 48)[0]) for step in range(60)]
    assert np.mean(losses[-5:]) < 1.5, f"a second head that learned nothing costs 1.67 alone: {losses}"

    checkpoint = trainer.checkpoint(epoch=1)
    own, second = (logits_of(rebuild(each), pictures) for each in (checkpoint, annotators_head(checkpoint)))
    both = trainer.learner(pictures[..., None].astype(np.float32), training=False)
    np.testing.assert_allclose(own, both[0], atol=1e-3)
    np.testing.assert_allclose(second, both[1], atol=1e-3)
    assert learned_ferplus(annotators_head(checkpoint).configuration)
    assert not learned_ferplus(checkpoint.configuration)


def test_a_second_head_goes_on_from_a_checkpoint() -> None:
    configuration = replace(
        TINY, ferplus_head=0.5, optimizer="adam", learning_rate=1e-3, augmentation=Augmentation(mixup=0.2)
    )
    trainer, resumed = Trainer(configuration), Trainer(replace(configuration, seed=9))
    for each in (trainer, resumed):
        each.class_weights.assign(np.arange(1.0, 8.0))
    random = np.random.default_rng(1)
    pictures, shares = made_up_pictures(32, seed=0)[0], random.dirichlet(np.ones(7), (32, 2)).reshape(32, 14)
    trainer.train_epoch(0, pictures[..., None], shares.astype(np.float32))
    resumed.restore(trainer.checkpoint(epoch=1))
    assert any(np.any(variable.numpy() != 0.0) for variable in trainer.optimizer.variables[2:]), "Adam remembers a step"
    variables = [[*each.learner.weights, *each.averaged, *each.optimizer.variables] for each in (trainer, resumed)]
    for one, other in zip(*variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    batch = tf.constant(pictures[..., None]), tf.constant(shares, tf.float32)
    losses = [float(each.step(*batch, tf.constant([1, 5], tf.int32), 48)[0]) for each in (trainer, resumed)]
    assert np.isfinite(losses).all()
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_a_second_head_learns_nothing_from_a_picture_without_votes() -> None:
    trainer = Trainer(replace(TINY, ferplus_head=0.5))
    own, second = tf.random.stateless_normal([2, 7], [1, 2]), tf.random.stateless_normal([2, 7], [3, 4])
    votes = np.array([[0.0] * 7, [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], np.float32)  # nobody's; mixed with nobody's
    labels = np.concatenate([np.eye(7, dtype=np.float32)[:2], votes], axis=1)
    with tf.GradientTape() as tape:
        tape.watch(second)
        loss = trainer._loss([own, second], tf.constant(labels))
    gradient = tape.gradient(loss, second).numpy()
    np.testing.assert_array_equal(gradient[0], 0.0)
    expected = 0.5 * 0.5 * (tf.nn.softmax(second[1]).numpy() - np.eye(7)[0]) / 2  # weight, share, mean of two
    np.testing.assert_allclose(gradient[1], expected, atol=1e-6)


def test_only_a_new_run_begins_with_pictures_from_all_over(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setitem(PREPARATIONS, "baseline", lambda _, pictures: begun.append(pictures))
    monkeypatch.setattr("training.train.PICTURES_TO_BEGIN_WITH", 20)
    for epochs in (1, 2):
        run(replace(TINY, epochs=epochs), dataset_folder, tmp_path / "run")
    (pictures,) = begun
    assert pictures.shape == (20, 48, 48, 1)
    first = fer2013.load_split(dataset_folder, "train").pictures[:20]
    assert not all(any(np.array_equal(one[..., 0], other) for other in first) for one in pictures)


def test_a_second_head_needs_annotators_to_learn_from(dataset_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="no votes of FER"):
        run(replace(TINY, ferplus_head=0.5), dataset_folder, tmp_path / "run")


def test_a_run_without_a_second_head_has_none_to_export() -> None:
    with pytest.raises(click.ClickException, match="ferplus_head"):
        annotators_head(checkpoint_with_random_weights("baseline"))


def test_an_optimizer_that_there_is_not_is_refused() -> None:
    with pytest.raises(click.ClickException, match="optimizer is sgd or adam"):
        replace(TINY, optimizer="rmsprop")


def test_balancing_weights_make_rare_labels_count_as_much_as_frequent_ones() -> None:
    labels = np.repeat(np.arange(7), [10, 1, 5, 40, 4, 4, 6])
    weights = balancing_weights(labels)
    np.testing.assert_allclose(weights * np.bincount(labels), 10.0, rtol=1e-5)
    assert weights[labels].mean() == pytest.approx(1.0)


def test_smaller_pictures_are_refused_for_a_network_that_reads_one_size() -> None:
    with pytest.raises(click.ClickException, match="reads 48×48 pictures only"):
        Trainer(replace(TINY, small_share=0.5, small_resolution=32))


def test_the_loss_is_the_cross_entropy_to_smoothed_labels_weighted_by_class() -> None:
    trainer = Trainer(replace(TINY, label_smoothing=0.14))
    weights = np.array([2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5], np.float32)
    trainer.class_weights.assign(weights)
    logits = np.random.default_rng(0).normal(size=(2, 7)).astype(np.float32)
    labels = np.eye(7, dtype=np.float32)[[0, 6]]
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    smoothed = np.where(labels == 1.0, 0.88, 0.02)
    expected = (weights[[0, 6]] * -(smoothed * log_probabilities).sum(axis=1)).mean()
    assert float(trainer._loss(tf.constant(logits), tf.constant(labels))) == pytest.approx(float(expected), rel=1e-5)


def test_weight_decay_shrinks_kernels_and_nothing_else() -> None:
    weights = []
    for decay in (0.0, 0.5):
        trainer = Trainer(replace(TINY, weight_decay=decay, momentum=0.0, nesterov=False, warm_up_epochs=0.0, epochs=1))
        start = [weight.numpy() for weight in trainer.learner.trainable_variables]
        pictures, labels = made_up_pictures(32, seed=0)
        trainer.train_epoch(0, pictures[..., None], np.eye(7, dtype=np.float32)[labels])
        weights.append([weight.numpy() for weight in trainer.learner.trainable_variables])
    for weight, begun, free, decayed in zip(trainer.learner.trainable_variables, start, *weights, strict=True):
        shrunk = TINY.learning_rate * 0.5 * begun if weight.name == "kernel" else 0.0 * begun
        np.testing.assert_allclose(free - decayed, shrunk, atol=1e-5)
