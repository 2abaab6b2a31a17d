import tomllib
from pathlib import Path

from training import manifest

MEMBER = {"version": 1, "sha256": {"model.tflite": "ab"}, "training": {"epochs": 3, "precision": "float32"}}


def test_what_export_vote_and_evaluation_record_stands_in_one_file(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_votes(tmp_path, {"default": {"residual": 1.0}})
    manifest.record_measured(tmp_path, {"residual": {"ece": 0.02}}, {"default": {"ece": 0.03}})
    assert tomllib.loads((tmp_path / "models.toml").read_text()) == {
        "labels": ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"],
        "members": {"residual": {**MEMBER, "measured": {"ece": 0.02}}},
        "votes": {"default": {"weights": {"residual": 1.0}, "measured": {"ece": 0.03}}},
    }


def test_a_new_export_drops_what_was_measured_of_the_old_one(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_measured(tmp_path, {"residual": {"ece": 0.02}}, {})
    manifest.record_member(tmp_path, "residual", MEMBER)
    assert "measured" not in manifest.read_manifest(tmp_path)["members"]["residual"]


def test_other_members_are_left_as_they_were(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_member(tmp_path, "baseline", {"version": 2})
    assert manifest.read_manifest(tmp_path)["members"] == {"residual": MEMBER, "baseline": {"version": 2}}
