"""What a network learns of others, asked as it begins or written down before."""

from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from test_export import checkpoint_with_random_weights

from training import distillation, fer2013
from training.distillation import STEPS, taught
from training.export import export, flat
from training.lite import FLOAT_FILE, LiteMember


def test_a_run_learns_what_its_teachers_say_as_far_as_it_is_told_to(tmp_path: Path) -> None:
    file = export("baseline", 1, tmp_path, checkpoint_with_random_weights("baseline"), 1.0) / FLOAT_FILE
    pictures = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    own, said = np.eye(7, dtype=np.float32)[:5], LiteMember(file).probabilities(pictures)
    np.testing.assert_allclose(taught(own, pictures, [str(file)], 0.7), 0.7 * said + 0.3 * own, rtol=1e-5)
    np.testing.assert_allclose(taught(own, pictures, [str(file)] * 2, 1.0), said, rtol=1e-5)
    np.testing.assert_array_equal(taught(own, pictures, [], 0.7), own)


def test_a_teacher_that_is_no_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"absent\.tflite is no teacher"):
        taught(np.eye(7, dtype=np.float32), np.zeros((7, 48, 48), np.uint8), [str(tmp_path / "absent.tflite")], 0.5)


def test_what_a_teacher_said_is_written_down_and_learned_without_it(dataset_folder: Path, tmp_path: Path) -> None:
    file = export("baseline", 1, tmp_path, checkpoint_with_random_weights("baseline"), 1.0) / FLOAT_FILE
    written = tmp_path / "teachers" / "baseline.npz"
    result = CliRunner().invoke(distillation.main, [str(file), "--data", str(dataset_folder), "--to", str(written)])
    assert result.exit_code == 0, result.output
    pictures = fer2013.without_test_pictures(fer2013.load(dataset_folder)).pictures
    member, own = LiteMember(file), np.zeros((len(pictures), 7), np.float32)
    said = (member.probabilities(pictures) + member.probabilities(pictures[:, :, ::-1])) / 2.0
    learned = taught(own, pictures, [str(written)], 1.0)
    np.testing.assert_allclose(learned, said, atol=4.0 / STEPS)
    np.testing.assert_allclose(learned.sum(axis=1), 1.0, rtol=1e-5)
    with pytest.raises(click.ClickException, match="written of other pictures"):
        taught(own[::-1], pictures[::-1], [str(written)], 1.0)


def test_a_written_teacher_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK no zip")
    with pytest.raises(click.ClickException, match=r"broken\.npz is no teacher"):
        taught(np.eye(7, dtype=np.float32), np.zeros((7, 48, 48), np.uint8), [str(tmp_path / "broken.npz")], 0.5)


def test_the_manifest_names_teachers_and_not_where_their_files_stood() -> None:
    teachers = ("/elsewhere/models/vgg/3/model.tflite", "runs/large.npz")
    assert flat({"teachers": teachers, "augmentation": {}})["teachers"] == "vgg/3, large"
