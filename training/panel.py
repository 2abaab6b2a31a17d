"""The exported members that are measured together, and their votes; TensorFlow is not needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.members import Vote
from ensemble_worker.voting import soft_vote
from training import figures, manifest
from training.calibration import calibration
from training.datasets import Dataset
from training.fer2013 import Split
from training.ferplus import NO_MAJORITY, learned_ferplus, majority
from training.figures import Report, Votes
from training.frontier import latency_frontier, subsets, truths_frontier
from training.lite import FLOAT_FILE, LiteMember
from training.robustness import CONDITIONS
from training.vote import FERPLUS, Predictions, equal_weights

TIMED = 512  # pictures that throughput is measured over
CHOSEN = "chosen"  # the vote of the members named on the command line


class PanelError(Exception):
    """Raised when a member or a vote is named that the manifest does not have; the user's to fix."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Members, their temperatures, the named votes, and which of the votes the report is about."""

    members: Mapping[str, LiteMember]
    temperatures: Mapping[str, float]
    votes: Votes
    profile: str
    learned_ferplus: frozenset[str] = frozenset()  # members whose truth is FER+'s annotators

    def predictions(self, pictures: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """uint8 pictures [n, 48, 48] -> each member's probabilities [n, 7]."""
        return {name: member.probabilities(pictures) for name, member in self.members.items()}

    def vote(self, predictions: Predictions) -> NDArray[np.float32]:
        """The probabilities [n, 7] of the vote that the report is about."""
        return soft_vote(predictions, self.votes[self.profile])


def open_panel(models: Path, names: Sequence[str] = (), profile: str = "default", *, as_float: bool = False) -> Panel:
    """All members of the manifest with its votes; of `names` only, with one vote, where any are given.

    Their files are those that a bare machine serves, or the float ones.

    Named members vote with the weights that they have in the profile, or equally where one of them has none there; at
    the profile's temperature where they are all that vote in it.
    """
    described = manifest.read_manifest(models)
    file = FLOAT_FILE if as_float else described["bare_machine_file"]
    votes = {name: Vote(vote["weights"], vote.get("temperature", 1.0)) for name, vote in described["votes"].items()}
    if profile not in votes:
        raise PanelError(f"{models} has no vote {profile!r}; it has {', '.join(votes) or 'none'}")
    unknown = [name for name in names if name not in described["members"]]
    if unknown:
        raise PanelError(f"{models} has no member {', '.join(unknown)}; it has {', '.join(described['members'])}")
    if names:
        votes, profile = {CHOSEN: narrowed(votes[profile], names)}, CHOSEN
    facts = {name: described["members"][name] for name in names or described["members"]}
    return Panel(
        {name: LiteMember(models / name / str(each["version"]) / file) for name, each in facts.items()},
        {name: each["temperature"] for name, each in facts.items()},
        votes,
        profile,
        frozenset(name for name, each in facts.items() if learned_ferplus(each["training"])),
    )


def narrowed(vote: Vote, names: Sequence[str]) -> Vote:
    """The vote of `names` alone. Its temperature was fitted to all that have a weight and is for these only."""
    return Vote(weights_of(names, vote.weights), vote.temperature if set(names) == set(vote.weights) else 1.0)


def weights_of(names: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The weights of `names` alone, summing to 1; equal ones where a name has none."""
    if not set(names) <= set(weights):
        return equal_weights(list(names))
    total = sum(weights[name] for name in names)
    return {name: weights[name] / total for name in names}


def measure(panel: Panel, dataset: Dataset) -> Report:
    """Everything that predictions tell of the test; where there is a public test, also what is chosen on it."""
    test, predictions = dataset.test, panel.predictions(dataset.test.pictures)
    report = _split_report(panel, dataset, test, predictions) | figures.details(panel.vote(predictions), test)
    for name, member in panel.members.items():
        report["members"][name] |= {
            "ms_per_crop": member.ms_per_crop(test.pictures[0]),
            "crops_per_second": member.crops_per_second(test.pictures[:TIMED]),
            "calibration": calibration(
                predictions[name], test, panel.temperatures[name], name in panel.learned_ferplus
            ),
        }
    for name, vote in panel.votes.items():
        report["votes"][name] |= {
            "ms_per_crop": sum(report["members"][member]["ms_per_crop"] for member in vote.weights),
            "calibration": calibration(
                soft_vote(predictions, vote), test, vote.temperature, by_ferplus=name == FERPLUS
            ),
        }
    if test.ferplus is not None:
        report["ferplus_pictures"] = int((majority(test.ferplus) != NO_MAJORITY).sum())
    if dataset.public_test is not None:
        _add_choices(report, panel, dataset, dataset.public_test, predictions)
    return report


def measure_robustness(panel: Panel, split: Split) -> Report:
    """Members' and votes' figures on the split as it is made harder in each of `CONDITIONS`."""
    measured: Report = {}
    for name, condition in CONDITIONS.items():
        predictions = panel.predictions(condition.of(split.pictures))
        votes = {vote: soft_vote(predictions, own) for vote, own in panel.votes.items()}
        measured[name] = {
            "description": condition.description,
            "members": {member: figures.hardened(each, split) for member, each in predictions.items()},
            "votes": {vote: figures.hardened(each, split) for vote, each in votes.items()},
        }
    return measured


def _add_choices(report: Report, panel: Panel, dataset: Dataset, public_test: Split, predictions: Predictions) -> None:
    """Add the public test's figures and what is chosen there: the frontiers."""
    public = panel.predictions(public_test.pictures)
    report["public_test"] = _split_report(panel, dataset, public_test, public)
    for name, vote in panel.votes.items():
        probabilities = soft_vote(predictions, vote)
        without = figures.apart_from(probabilities, dataset.test, public_test.pictures)
        report["votes"][name]["without_public_test"] = without
    single = max(public, key=lambda name: report["public_test"]["members"][name]["accuracy"])
    report["gain"] = {"over": single} | {
        split.name: figures.gain(panel.vote(own), own[single], split.labels)
        for own, split in ((public, public_test), (predictions, dataset.test))
    }
    costs = {name: own["ms_per_crop"] for name, own in report["members"].items()}
    sizes = subsets(public, public_test.labels)
    report["latency_frontier"] = latency_frontier(sizes, predictions, dataset.test.labels, costs)
    report["truths_frontier"] = truths_frontier(sizes, (public, public_test), (predictions, dataset.test))


def _split_report(panel: Panel, dataset: Dataset, split: Split, predictions: Predictions) -> Report:
    return figures.split_report(dataset.name, predictions, panel.votes, panel.profile, split, dataset.training_digests)
