"""What a network learns of others."""

from pathlib import Path

import click
import numpy as np
import pytest
from test_export import checkpoint_with_random_weights

from training.distillation import taught
from training.export import export
from training.lite import FLOAT_FILE, LiteMember
from training.trained import flat


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


def test_the_manifest_names_teachers_and_not_where_their_files_stood() -> None:
    teachers = ("/elsewhere/models/vgg/3/model.tflite", "models/mobilenet_second/2/model.tflite")
    assert flat({"teachers": teachers, "augmentation": {}})["teachers"] == "vgg/3, mobilenet_second/2"
