"""The shape of models/models.toml: which members there are and how they vote."""

from collections.abc import Mapping, Sequence

import msgspec


class Member(msgspec.Struct, frozen=True):
    """One served model. `measured` holds shares from 0 to 1, `sha256` a file's hash by its name."""

    version: int
    architecture: str
    sha256: dict[str, str] = {}
    measured: dict[str, float] = {}


class Vote(msgspec.Struct, frozen=True):
    """A vote profile: each member's weight, and the temperature that makes their mean's shares honest ones."""

    weights: dict[str, float]
    temperature: float = 1.0
    measured: dict[str, float] = {}


class Ensemble(msgspec.Struct, frozen=True):
    """The whole file."""

    labels: list[str]
    members: dict[str, Member]
    votes: dict[str, Vote]
    bare_machine_file: str = "model.tflite"
    """What `model_server/` serves of each version: float, or int8 where that costs the vote next to nothing."""


def asked_members(weights: Mapping[str, float], names: Sequence[str], *, votes: bool) -> list[str]:
    """Which of the members `names` a vote with these weights needs: those that have one. Everybody where each member's
    own prediction is shown (`votes`), and where nobody has a weight.
    """
    return [name for name in names if votes or weights.get(name, 0.0) > 0.0] or list(names)
