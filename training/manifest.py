"""`models/models.toml`: what each exported member is, how it was trained and what was measured of it.

The one place that writes the file; export, vote and evaluation each fill in what they know.
"""

import json
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts.members import Vote
from training.fer2013 import LABELS
from training.replacing import replacing

FILE_NAME = "models.toml"
WEIGHTS = ("variables/variables.data-00000-of-00001", "variables/variables.index")
"""Of the SavedModel, whose saved_model.pb is its graph alone."""

HASHED_FILES = ("model.tflite", "model.int8.tflite", "saved_model.pb", *WEIGHTS)
INTRODUCTION = """\
# The members of the ensemble and its votes.
# Written by training.export, training.vote and training.evaluate --record; not by hand.
"""

Table = dict[str, Any]


def read_manifest(models: Path) -> Table:
    """The manifest as plain dictionaries; an empty one where there is no file yet."""
    path = models / FILE_NAME
    written = tomllib.loads(path.read_text()) if path.exists() else {}
    return {"labels": list(LABELS), "bare_machine_file": "model.tflite", "members": {}, "votes": {}} | written


def record_member(models: Path, name: str, facts: Table) -> None:
    """Put what export knows of a member in place of what stood there; what was measured of it or its votes is void."""
    manifest = read_manifest(models)
    manifest["members"][name] = facts
    manifest["bare_machine_file"] = "model.tflite"  # until training.quantise has looked at the new ensemble
    manifest.pop("quantisation", None)
    for vote in manifest["votes"].values():
        if name in vote["weights"]:
            vote.pop("measured", None)
    _write(models, manifest)


def record_quantisation(models: Path, served: str, measured: Mapping[str, float | list[str]]) -> None:
    """What a bare machine serves, what the vote loses by it, and the new files' hashes; what was measured is void, for
    the files are others.
    """
    manifest = read_manifest(models)
    manifest["bare_machine_file"] = served
    manifest["quantisation"] = dict(measured)
    for name, facts in manifest["members"].items():
        facts["sha256"] = hashes(models / name / str(facts["version"]))
    for described in (*manifest["members"].values(), *manifest["votes"].values()):
        described.pop("measured", None)
    _write(models, manifest)


def record_votes(models: Path, votes: Mapping[str, Vote]) -> None:
    """Replace the named votes, each by its members' weights and its temperature."""
    manifest = read_manifest(models)
    manifest["votes"] = {
        name: {"weights": vote.weights, "temperature": vote.temperature} for name, vote in votes.items()
    }
    _write(models, manifest)


def record_measured(models: Path, members: Mapping[str, Table], votes: Mapping[str, Table]) -> None:
    """Put evaluation's figures beside each member and each vote."""
    manifest = read_manifest(models)
    for section, measured in (("members", members), ("votes", votes)):
        for name, figures in measured.items():
            manifest[section][name]["measured"] = figures
    _write(models, manifest)


def identity(manifest: Table) -> Table:
    """What figures are of: each member's files by their hashes, and each vote."""
    return {
        "bare_machine_file": manifest["bare_machine_file"],
        "members": {name: facts["sha256"] for name, facts in manifest["members"].items()},
        "votes": {
            name: {key: vote[key] for key in vote if key != "measured"} for name, vote in manifest["votes"].items()
        },
    }


def hashes(version_folder: Path) -> dict[str, str]:
    """SHA-256 of the files that are served, as far as they are there."""
    return {
        name: sha256((version_folder / name).read_bytes()).hexdigest()
        for name in HASHED_FILES
        if (version_folder / name).exists()
    }


def as_toml(manifest: Table) -> str:
    """The manifest as TOML: a table a member and a vote, weights on one line."""
    lines = [
        INTRODUCTION + f"labels = {_value(manifest['labels'])}",
        f"bare_machine_file = {_value(manifest['bare_machine_file'])}",
        "",
    ]
    if "quantisation" in manifest:
        lines += _table("quantisation", manifest["quantisation"])
    for section in ("members", "votes"):
        for name, facts in manifest[section].items():
            lines += _table(f"{section}.{name}", facts)
    return "\n".join(lines)


def _table(path: str, facts: Table) -> list[str]:
    """A table's own values, then its sub-tables; `weights` is an inline table."""
    nested = {key: value for key, value in facts.items() if isinstance(value, dict) and key != "weights"}
    own = [f"{_key(key)} = {_value(value)}" for key, value in facts.items() if key not in nested]
    lines = [f"[{path}]", *own, ""]
    for key, value in nested.items():
        lines += _table(f"{path}.{key}", value)
    return lines


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _value(value: object) -> str:
    """Strings, numbers, booleans and lists are written alike in JSON and TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def _write(models: Path, manifest: Table) -> None:
    with replacing(models / FILE_NAME) as file:
        file.write(as_toml(manifest).encode())
