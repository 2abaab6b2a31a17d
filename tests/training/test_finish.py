from dataclasses import asdict, replace
from pathlib import Path

import click
import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from conftest import made_up_pictures
from test_precise_bn import a_run, exported
from test_train import TINY, UNCHANGED

from training import finish, manifest
from training.augmentation import Augmentation, augment
from training.checkpoint import Checkpoint, read_checkpoint
from training.export import annotators_head, logits_of, rebuild
from training.export import main as export
from training.finish import AS_THEY_ARE, finished, finishing
from training.precise_bn import MEASURED_ON, with_precise_bn
from training.train import RECIPES, Trainer, run
from training.trained import FINISHED
from training.zoo import BUILDERS

PICTURES, LABELS = made_up_pictures(96, seed=0)
SHARES = np.eye(7, dtype=np.float32)[LABELS]
VGG = replace(TINY, architecture="vgg", learning_rate=0.05)


def answers(checkpoint: Checkpoint) -> np.ndarray:
    model = rebuild(checkpoint)
    with_precise_bn(model, checkpoint, PICTURES)
    return logits_of(model, PICTURES)


def test_a_picture_is_shown_as_it_is_or_mirrored() -> None:
    pictures = tf.cast(PICTURES[..., None], tf.float32)
    shown = augment(pictures, tf.constant([1, 2]), AS_THEY_ARE, 48).numpy()
    mirrored = pictures.numpy()[:, :, ::-1]
    sides = [np.abs(shown - side).max(axis=(1, 2, 3)) < 1e-3 for side in (pictures.numpy(), mirrored)]
    assert (sides[0] | sides[1]).all()
    assert all(side.any() for side in sides)


def test_it_goes_on_at_full_size_and_a_tenth_of_the_rate_without_a_second_head() -> None:
    trained = replace(VGG, small_share=0.5, ferplus_head=0.5, epochs=60)
    configuration = finishing(replace(a_run("vgg"), configuration=asdict(trained)))
    assert (configuration.epochs, configuration.small_share, configuration.ferplus_head) == (1, 0.0, 0.0)
    assert configuration.learning_rate == pytest.approx(0.005)
    assert configuration.weight_decay == trained.weight_decay


@pytest.mark.parametrize("known", ["run", "exported before its statistics were measured", "exported"])
def test_a_network_is_finished_from_where_it_was(known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a rate of nothing it answers as before."""
    monkeypatch.setattr(finish, "OF_THE_RATE", 0.0)
    checkpoint = replace(a_run("vgg"), configuration=asdict(replace(VGG, augmentation=replace(UNCHANGED, mixup=0.0))))
    if known != "run":
        settled = with_precise_bn(rebuild(checkpoint), checkpoint, PICTURES)
        recipe = settled.configuration if known == "exported" else checkpoint.configuration
        checkpoint = exported(replace(settled, configuration=recipe))
    after = finished(checkpoint, PICTURES, SHARES, finishing(checkpoint))
    np.testing.assert_allclose(answers(after), answers(checkpoint), atol=2e-2)


def test_it_learns_and_its_statistics_are_measured_anew() -> None:
    checkpoint = replace(a_run("vgg"), configuration=asdict(VGG) | {MEASURED_ON: 96})
    after = finished(checkpoint, PICTURES, SHARES, finishing(checkpoint, 30))
    right = (answers(after).argmax(axis=1) == LABELS).mean()
    assert right > 0.5 > (answers(checkpoint).argmax(axis=1) == LABELS).mean()
    assert MEASURED_ON not in after.configuration


def test_the_manifest_tells_how_a_member_was_trained_and_finished(dataset_folder: Path, tmp_path: Path) -> None:
    runs, models, data = str(tmp_path / "runs"), str(tmp_path / "models"), ("--data", str(dataset_folder))
    run(replace(TINY, epochs=2), dataset_folder, tmp_path / "runs" / "small")

    def call(command: click.Command, *arguments: str) -> str:
        result = CliRunner().invoke(command, [*arguments, *data])
        assert result.exit_code == 0, result.output
        return result.output

    call(export, f"{runs}/small", "--version", "1", "--models", models)
    teacher = f"{models}/small/1/model.tflite"
    setting = ("--set", "rotation_degrees=8")
    said = call(finish.main, f"{models}/small/1", "--runs", runs, "--teacher", teacher, *setting)
    assert "% of the public test" in said
    call(export, f"{runs}/small_finished", "--member", "small", "--version", "2", "--models", models)
    recipe = manifest.read_manifest(Path(models))["members"]["small"]["training"]
    assert (recipe["epochs"], recipe["learning_rate"], recipe["teachers"]) == (2, TINY.learning_rate, "")
    assert recipe["rotation_degrees"] == Augmentation().rotation_degrees
    assert (recipe["finishing_epochs"], recipe["finishing_teachers"]) == (1, "small/1")
    assert recipe["finishing_settings"] == "rotation_degrees=8"
    assert recipe["finishing_rate"] == pytest.approx(TINY.learning_rate / 10)
    assert read_checkpoint(Path(runs) / "small_finished" / "checkpoint.npz").epoch == 2


def test_a_network_with_frozen_layers_and_scales_of_its_own_is_finished_from_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finish, "OF_THE_RATE", 0.0)
    recipe = asdict(replace(RECIPES["face_mobilenet"], batch_size=16, backbone_weights="none"))
    checkpoint = exported(replace(a_run("face_mobilenet"), configuration=recipe | {MEASURED_ON: 96}))
    after = finished(checkpoint, PICTURES[:32], SHARES[:32], finishing(checkpoint))
    before, after = rebuild(checkpoint), rebuild(after)
    frozen = [layer.name for layer in before.layers if not layer.trainable and layer.weights]
    assert "conv1" in frozen
    for name in frozen:
        for one, other in zip(*(model.get_layer(name).get_weights() for model in (before, after)), strict=True):
            np.testing.assert_array_equal(one, other)
    kernels = [model.get_layer("conv_pw_13").get_weights()[0] for model in (before, after)]
    assert not np.allclose(*kernels), "all kernels have one scale"
    said = [logits_of(model, PICTURES[:32]) for model in (before, after)]
    assert np.corrcoef(said[0].ravel(), said[1].ravel())[0, 1] > 0.9


def test_an_exported_network_with_a_backbone_is_not_finished_for_its_statistics_are_gone() -> None:
    recipe = asdict(replace(RECIPES["resnet50"], backbone_weights="none"))
    checkpoint = Checkpoint(recipe, 1, [], BUILDERS["resnet50"]().get_weights(), [])
    with pytest.raises(click.ClickException, match="give its run's folder"):
        finished(checkpoint, PICTURES[:32], SHARES[:32], finishing(checkpoint))


def test_a_run_is_finished_from_what_would_be_exported_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its statistics are far from those of the pictures; they are measured before they are written into the weights."""
    monkeypatch.setattr(finish, "OF_THE_RATE", 0.0)
    recipe = asdict(replace(RECIPES["face_mobilenet"], batch_size=16, backbone_weights="none"))
    checkpoint = replace(a_run("face_mobilenet"), configuration=recipe)
    shown: list[keras.Model] = []
    monkeypatch.setattr(Trainer, "train_epoch", lambda trainer, *_: shown.append(trainer.model))
    finished(checkpoint, PICTURES[:32], SHARES[:32], finishing(checkpoint))
    model = rebuild(checkpoint)
    with_precise_bn(model, checkpoint, PICTURES[:32])
    said = [logits_of(each, PICTURES[:32]) for each in (model, shown[0])]
    assert np.corrcoef(said[0].ravel(), said[1].ravel())[0, 1] > 0.99


@pytest.mark.parametrize("setting", ["distillation=0.9", "class_weights=true", "ferplus_head=0.5", "epochs=3"])
def test_what_finishing_ignores_or_has_an_option_for_can_not_be_set(setting: str) -> None:
    checkpoint = replace(a_run("vgg"), configuration=asdict(VGG))
    with pytest.raises(click.ClickException, match=f"can't change {setting.partition('=')[0]}"):
        finishing(checkpoint, settings=["rotation_degrees=8", setting])


def test_a_run_and_what_was_finished_of_it_never_share_a_folder(dataset_folder: Path, tmp_path: Path) -> None:
    run(replace(TINY, epochs=1), dataset_folder, tmp_path / "small")
    before = (tmp_path / "small" / "checkpoint.npz").read_bytes()
    arguments = [str(tmp_path / "small"), "--data", str(dataset_folder), "--runs", str(tmp_path)]
    ended = CliRunner().invoke(finish.main, [*arguments, "--name", "small"])
    assert ended.exit_code == 1
    assert "give another --name" in ended.output
    assert (tmp_path / "small" / "checkpoint.npz").read_bytes() == before
    assert CliRunner().invoke(finish.main, arguments).exit_code == 0
    ended = CliRunner().invoke(finish.main, arguments)
    assert (ended.exit_code, "holds another run's checkpoint" in ended.output) == (1, True)
    with pytest.raises(click.ClickException, match="holds a finished network"):
        run(replace(TINY, epochs=2), dataset_folder, tmp_path / "small_finished")


def test_what_is_finished_is_not_finished_again_and_has_no_second_head() -> None:
    done = replace(a_run("vgg"), configuration=asdict(replace(VGG, ferplus_head=0.5)) | {FINISHED: 1})
    with pytest.raises(click.ClickException, match="already"):
        finishing(done)
    with pytest.raises(click.ClickException, match="no second head"):
        annotators_head(done)


def test_what_answers_for_the_annotators_is_not_finished_on_the_labels() -> None:
    checkpoint = replace(a_run("vgg"), configuration=asdict(VGG) | {"head": "annotators"})
    with pytest.raises(click.ClickException, match="annotators"):
        finished(checkpoint, PICTURES, SHARES, finishing(checkpoint))
