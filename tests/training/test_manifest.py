import tomllib
from pathlib import Path

from contracts.members import Vote
from training import manifest

MEMBER = {"version": 1, "sha256": {"model.tflite": "ab"}, "training": {"epochs": 3, "precision": "float32"}}


def test_what_export_vote_and_evaluation_record_stands_in_one_file(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_votes(tmp_path, {"default": Vote({"residual": 1.0}, 0.9)})
    manifest.record_measured(tmp_path, {"residual": {"ece": 0.02}}, {"default": {"ece": 0.03}})
    assert tomllib.loads((tmp_path / "models.toml").read_text()) == {
        "labels": ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"],
        "bare_machine_file": "model.tflite",
        "members": {"residual": {**MEMBER, "measured": {"ece": 0.02}}},
        "votes": {"default": {"weights": {"residual": 1.0}, "temperature": 0.9, "measured": {"ece": 0.03}}},
    }


def test_a_new_export_drops_what_was_measured_of_the_old_one(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_votes(tmp_path, {"with": Vote({"residual": 1.0}), "without": Vote({"baseline": 1.0})})
    manifest.record_measured(tmp_path, {"residual": {"ece": 0.02}}, {"with": {"ece": 0.03}, "without": {"ece": 0.04}})
    manifest.record_member(tmp_path, "residual", MEMBER)
    written = manifest.read_manifest(tmp_path)
    assert "measured" not in written["members"]["residual"]
    assert [name for name, vote in written["votes"].items() if "measured" in vote] == ["without"]


def test_other_members_are_left_as_they_were(tmp_path: Path) -> None:
    manifest.record_member(tmp_path, "residual", MEMBER)
    manifest.record_member(tmp_path, "baseline", {"version": 2})
    assert manifest.read_manifest(tmp_path)["members"] == {"residual": MEMBER, "baseline": {"version": 2}}


def test_quantisation_is_recorded_and_void_with_a_new_member(tmp_path: Path) -> None:
    folder = tmp_path / "small" / "1"
    (folder / "variables").mkdir(parents=True)
    for name in manifest.HASHED_FILES:
        (folder / name).write_bytes(name.encode())
    manifest.record_member(tmp_path, "small", MEMBER)
    manifest.record_votes(tmp_path, {"default": Vote({"small": 1.0})})
    manifest.record_measured(tmp_path, {"small": {"ece": 0.02}}, {"default": {"ece": 0.03}})
    manifest.record_quantisation(tmp_path, "model.int8.tflite", {"int8_public_test_accuracy": 0.5})
    written = manifest.read_manifest(tmp_path)
    assert "measured" not in written["members"]["small"], "the files are others than were measured"
    assert "measured" not in written["votes"]["default"]
    assert written["bare_machine_file"] == "model.int8.tflite"
    assert written["quantisation"] == {"int8_public_test_accuracy": 0.5}
    assert set(written["members"]["small"]["sha256"]) == set(manifest.HASHED_FILES)
    manifest.record_member(tmp_path, "small", MEMBER)
    assert manifest.read_manifest(tmp_path)["bare_machine_file"] == "model.tflite"
