"""Reads models/models.toml."""

from pathlib import Path

import msgspec

from contracts.labels import LABELS
from contracts.members import Ensemble


class BadModelTree(ValueError):
    """Raised when models.toml is missing or can't be believed; whoever set up the models must mend it."""


def read_ensemble(models_path: Path) -> Ensemble:
    """The members and their votes. Raises BadModelTree with the reason."""
    path = models_path / "models.toml"
    try:
        ensemble = msgspec.toml.decode(path.read_bytes(), type=Ensemble)
    except FileNotFoundError as problem:
        raise BadModelTree(f"{path} is missing: it names the members to serve") from problem
    except OSError as problem:
        raise BadModelTree(f"{path} can't be read: {problem.strerror}") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadModelTree(f"{path}: {problem}") from problem
    if tuple(ensemble.labels) != LABELS:
        raise BadModelTree(f"{path}: the labels are {ensemble.labels}, this program needs {list(LABELS)}")
    if "default" not in ensemble.votes:
        raise BadModelTree(f"{path}: there is no [votes.default]")
    for profile, vote in ensemble.votes.items():
        unknown = set(vote.weights) - set(ensemble.members)
        if unknown:
            raise BadModelTree(f"{path}: [votes.{profile}] weighs {sorted(unknown)}, which are no members")
        if not vote.temperature > 0.0:
            raise BadModelTree(f"{path}: [votes.{profile}] has a temperature of {vote.temperature}, not above 0")
    return ensemble
