"""Choose the weights of the soft vote on the public test, and write them into the manifest.

    python -m training.vote --data ../shared/data/fer2013

Greedy selection with repetition (Caruana et al., ICML 2004): start with nobody, and twenty times add the
member whose vote, counted once more, makes the mixture best: most accurate, and of equally accurate
ones the most likely. A member's weight is its share of the additions up to the best round.

`default` is chosen on FER2013's own labels, `ferplus` on the label that FER+'s annotators named most often,
`equal` not at all. `fast` is chosen as `default` is, among the votes whose members together take at most three
quarters of the time for a crop that `default`'s take: for who needs frames rather than a point. The files that a bare
machine serves are asked; after an export that is the float file, so run this again once `training.quantise` has chosen.

Each vote gets a temperature (Guo et al., ICML 2017), fitted to the truth that it was chosen by: the mean of members
that are sure of different labels is less sure than it is right.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from contracts.members import Vote
from ensemble_worker.voting import soft_vote
from training import fer2013, manifest
from training.calibration import logits_of
from training.command_help import DATA_HELP, help_of
from training.ferplus import NO_MAJORITY, majority, truth
from training.lite import LiteMember
from training.measures import accuracy, fit_temperature, negative_log_likelihood

ROUNDS = 20
FERPLUS = "ferplus"  # the vote whose weights are chosen by what FER+'s annotators saw
FAST_SHARE = 0.75  # of the default vote's time, which the fast vote takes at most

Predictions = Mapping[str, NDArray[np.float32]]


def weighted_mean(predictions: Predictions, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Weighted mean of the members' probabilities [n, 7], over the members that have a weight: a vote before it has a
    temperature. What is served is `ensemble_worker.voting.soft_vote`.
    """
    weighted = [weight * predictions[name].astype(np.float64) for name, weight in weights.items()]
    vote: NDArray[np.float64] = np.sum(weighted, axis=0)
    return vote


def at_its_temperature(
    weights: Mapping[str, float], predictions: Predictions, split: fer2013.Split, by_ferplus: bool
) -> Vote:
    """The vote with these weights, its temperature fitted to the split by FER+'s annotators or FER2013's labels."""
    counting, labels = truth(split, by_ferplus)
    temperature = fit_temperature(logits_of(weighted_mean(predictions, weights)[counting]), labels)
    return Vote(dict(weights), round(temperature, 4))


def choose_weights(
    predictions: Predictions,
    labels: NDArray[np.int64],
    rounds: int = ROUNDS,
    affordable: Callable[[Collection[str]], bool] = lambda members: True,
) -> dict[str, float]:
    """Weights that sum to 1, by greedy selection; members that were never added are left out. Nobody is added who would
    make the vote's members not `affordable`; without anybody who is, there are no weights.
    """
    added: list[str] = []
    best: tuple[tuple[float, float], list[str]] | None = None
    for _ in range(rounds):
        candidates = [name for name in predictions if affordable({*added, name})]
        if not candidates:
            return {}
        goodness, name = max((_goodness(predictions, [*added, name], labels), name) for name in candidates)
        added.append(name)
        if best is None or goodness > best[0]:
            best = goodness, list(added)
    assert best is not None
    counts = Counter(best[1])
    return {name: counts[name] / len(best[1]) for name in predictions if counts[name]}


def equal_weights(names: list[str]) -> dict[str, float]:
    """Everybody counts the same."""
    return dict.fromkeys(names, 1.0 / len(names))


def fast_weights(
    predictions: Predictions, labels: NDArray[np.int64], ms_per_crop: Mapping[str, float], default: Collection[str]
) -> dict[str, float]:
    """The weights of the fast vote, by each member's milliseconds and the members of the default vote; none where
    nobody is fast enough.
    """
    most = FAST_SHARE * sum(ms_per_crop[name] for name in default)
    return choose_weights(
        predictions, labels, affordable=lambda members: sum(ms_per_crop[name] for name in members) <= most
    )


def _goodness(predictions: Predictions, names: list[str], labels: NDArray[np.int64]) -> tuple[float, float]:
    counts = Counter(names)
    mixture = weighted_mean(predictions, {name: count / len(names) for name, count in counts.items()})
    return accuracy(mixture, labels), -negative_log_likelihood(mixture, labels)


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    described = manifest.read_manifest(models)
    file = described["bare_machine_file"]
    asked = {
        name: LiteMember(models / name / str(facts["version"]) / file) for name, facts in described["members"].items()
    }
    public_test = fer2013.load_split(data, "public_test")
    predictions = {name: member.probabilities(public_test.pictures) for name, member in asked.items()}
    weights = {
        "default": choose_weights(predictions, public_test.labels),
        "equal": equal_weights(list(asked)),
    }
    ms_per_crop = {name: member.ms_per_crop(public_test.pictures[0]) for name, member in asked.items()}
    if fast := fast_weights(predictions, public_test.labels, ms_per_crop, weights["default"]):
        weights["fast"] = fast
    if public_test.ferplus is not None:
        seen = majority(public_test.ferplus)
        known = seen != NO_MAJORITY
        weights[FERPLUS] = choose_weights({name: own[known] for name, own in predictions.items()}, seen[known])
    votes = {
        name: at_its_temperature(own, predictions, public_test, by_ferplus=name == FERPLUS)
        for name, own in weights.items()
    }
    manifest.record_votes(models, votes)
    for name, vote in votes.items():
        share = accuracy(soft_vote(predictions, vote), public_test.labels)
        click.echo(
            f"{name}, {file}: {share:.2%} of the public test with {vote.weights} at temperature {vote.temperature}"
        )


if __name__ == "__main__":
    main()
