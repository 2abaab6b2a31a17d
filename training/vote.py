"""Choose the weights of the soft vote on the public test, and write them into the manifest.

    python -m training.vote --data ../shared/data/fer2013

Greedy selection with repetition (Caruana et al., ICML 2004): start with nobody, and twenty times add the
member whose vote, counted once more, makes the mixture best: most accurate, and of equally accurate
ones the most likely. A member's weight is its share of the additions up to the best round.

`default` is chosen on FER2013's own labels, `ferplus` on the label that FER+'s annotators named most often,
`equal` not at all. `fast` is chosen as `default` is, but only from members that take at most three quarters of the
slowest one's time for a crop, and does without members whose absence costs it 0.2 points at most in all: for who needs
frames rather than a point. The files that a bare machine serves are asked;
after an export that is the float file, so run this again once `training.quantise` has chosen.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from training import fer2013, manifest
from training.ferplus import NO_MAJORITY, majority
from training.lite import LiteMember
from training.measures import accuracy, negative_log_likelihood

ROUNDS = 20
FERPLUS = "ferplus"  # the vote whose weights are chosen by what FER+'s annotators saw
FAST_SHARE = 0.75  # of the slowest member's time, which a member of the fast vote takes at most
LOST_FOR_SPEED = 0.002  # of the fast vote's accuracy, which members that are left out may have been worth together

Predictions = Mapping[str, NDArray[np.float32]]


def soft_vote(predictions: Predictions, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Weighted mean of the members' probabilities [n, 7], over the members that have a weight."""
    weighted = [weight * predictions[name].astype(np.float64) for name, weight in weights.items()]
    vote: NDArray[np.float64] = np.sum(weighted, axis=0)
    return vote


def choose_weights(predictions: Predictions, labels: NDArray[np.int64], rounds: int = ROUNDS) -> dict[str, float]:
    """Weights that sum to 1, by greedy selection; members that were never added are left out."""
    added: list[str] = []
    best: tuple[tuple[float, float], list[str]] | None = None
    for _ in range(rounds):
        candidates = [(_goodness(predictions, [*added, name], labels), name) for name in predictions]
        goodness, name = max(candidates)
        added.append(name)
        if best is None or goodness > best[0]:
            best = goodness, list(added)
    assert best is not None
    counts = Counter(best[1])
    return {name: counts[name] / len(best[1]) for name in predictions if counts[name]}


def equal_weights(names: list[str]) -> dict[str, float]:
    """Everybody counts the same."""
    return dict.fromkeys(names, 1.0 / len(names))


def fast_members(ms_per_crop: Mapping[str, float]) -> list[str]:
    """Those that a fast vote is chosen from; none where all take about as long."""
    longest = max(ms_per_crop.values())
    return [name for name, its in ms_per_crop.items() if its <= FAST_SHARE * longest]


def indispensable(
    predictions: Predictions, weights: Mapping[str, float], labels: NDArray[np.int64]
) -> dict[str, float]:
    """The weights without members that the vote is hardly worse without: each costs time, whatever its weight."""
    kept = dict(weights)
    least = accuracy(soft_vote(predictions, kept), labels) - LOST_FOR_SPEED
    while len(kept) > 1:
        others = [{name: weight for name, weight in kept.items() if name != left_out} for left_out in kept]
        shares = [accuracy(soft_vote(predictions, without), labels) for without in others]
        if max(shares) < least:
            break
        kept = others[int(np.argmax(shares))]
    return {name: weight / sum(kept.values()) for name, weight in kept.items()}


def _goodness(predictions: Predictions, names: list[str], labels: NDArray[np.int64]) -> tuple[float, float]:
    counts = Counter(names)
    mixture = soft_vote(predictions, {name: count / len(names) for name, count in counts.items()})
    return accuracy(mixture, labels), -negative_log_likelihood(mixture, labels)


@click.command(help=__doc__)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
def main(data: Path, models: Path) -> None:
    described = manifest.read_manifest(models)
    file = described["bare_machine_file"]
    asked = {
        name: LiteMember(models / name / str(facts["version"]) / file) for name, facts in described["members"].items()
    }
    public_test = fer2013.load_split(data, "public_test")
    predictions = {name: member.probabilities(public_test.pictures) for name, member in asked.items()}
    votes = {
        "default": choose_weights(predictions, public_test.labels),
        "equal": equal_weights(list(asked)),
    }
    if fast := fast_members({name: member.ms_per_crop(public_test.pictures[0]) for name, member in asked.items()}):
        chosen = choose_weights({name: predictions[name] for name in fast}, public_test.labels)
        votes["fast"] = indispensable(predictions, chosen, public_test.labels)
    if public_test.ferplus is not None:
        seen = majority(public_test.ferplus)
        known = seen != NO_MAJORITY
        votes[FERPLUS] = choose_weights({name: own[known] for name, own in predictions.items()}, seen[known])
    manifest.record_votes(models, votes)
    for name, weights in votes.items():
        share = accuracy(soft_vote(predictions, weights), public_test.labels)
        click.echo(f"{name}, {file}: {share:.2%} of the public test with {weights}")


if __name__ == "__main__":
    main()
