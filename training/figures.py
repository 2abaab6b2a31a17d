"""What is measured of members and votes on one split, as plain dictionaries that JSON can hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.members import Vote
from ensemble_worker.voting import soft_vote
from training import fer2013
from training.fer2013 import LABELS, Split
from training.ferplus import agreement, truth
from training.measures import (
    accuracy,
    confusion,
    expected_calibration_error,
    macro_f1,
    macro_recall,
    per_label,
    reliability,
    wilson_interval,
)
from training.vote import Predictions

Report = dict[str, Any]
Votes = Mapping[str, Vote]


def member_figures(probabilities: NDArray[np.floating], split: Split) -> Report:
    """What is measured of one member, and of a vote too."""
    counting, seen = truth(split, by_ferplus=True)
    return {
        "accuracy": accuracy(probabilities, split.labels),
        "macro_recall": macro_recall(probabilities, split.labels),
        "macro_f1": macro_f1(probabilities, split.labels),
        "ece": expected_calibration_error(probabilities, split.labels),
        "ferplus_agreement": agreement(probabilities, split.ferplus),
        "ferplus_ece": (
            None
            if split.ferplus is None or not counting.any()
            else expected_calibration_error(probabilities[counting], seen)
        ),
    }


def vote_figures(predictions: Predictions, vote: Vote, split: Split, duplicates: NDArray[np.bool_] | None) -> Report:
    """What is measured of a soft vote; `duplicates` bool [n] marks pictures that stand in training too."""
    probabilities, labels = soft_vote(predictions, vote), split.labels
    figures = member_figures(probabilities, split)
    apart = (
        None if duplicates is None or duplicates.all() else accuracy(probabilities[~duplicates], labels[~duplicates])
    )
    return {
        "members": list(vote.weights),
        "weights": vote.weights,
        "accuracy": figures["accuracy"],
        "ci95": list(wilson_interval(round(figures["accuracy"] * len(labels)), len(labels))),
        "accuracy_without_duplicates": apart,
        "duplicates": None if duplicates is None else int(duplicates.sum()),
        **figures,
    }


def split_report(
    dataset: str,
    predictions: Predictions,
    votes: Votes,
    profile: str,
    split: Split,
    training_digests: set[bytes] | None,
) -> Report:
    """Every member's and every vote's figures on one split; `ensemble` is the vote named `profile`."""
    duplicates = None if training_digests is None else fer2013.found_in(split.pictures, training_digests)
    figures = {name: vote_figures(predictions, vote, split, duplicates) for name, vote in votes.items()}
    return {
        "dataset": dataset,
        "split": split.name,
        "n": len(split),
        "members": {name: member_figures(probabilities, split) for name, probabilities in predictions.items()},
        "ensemble": figures[profile],
        "votes": figures,
    }


def gain(
    vote: NDArray[np.floating], single: NDArray[np.floating], labels: NDArray[np.int64], z: float = 1.959964
) -> Report:
    """What `vote` is more accurate by than `single` on the same pictures, with a paired 95 % interval (normal)."""
    differences = (vote.argmax(axis=1) == labels).astype(float) - (single.argmax(axis=1) == labels)
    mean, margin = float(differences.mean()), z * float(differences.std()) / len(labels) ** 0.5
    return {"points": mean, "ci95": [mean - margin, mean + margin]}


def apart_from(probabilities: NDArray[np.floating], split: Split, others: NDArray[np.uint8]) -> Report:
    """Accuracy without the pictures that stand among `others` uint8 [m, 48, 48] too, and how many those are."""
    repeated = fer2013.found_in(split.pictures, fer2013.digests(others))
    rest = ~repeated
    share = accuracy(probabilities[rest], split.labels[rest]) if rest.any() else None
    return {"n": int(repeated.sum()), "accuracy": share}


def hardened(probabilities: NDArray[np.floating], split: Split) -> Report:
    """What is measured where the pictures were made harder."""
    return {field: figure for field, figure in member_figures(probabilities, split).items() if field in HARDENED_FIELDS}


def details(probabilities: NDArray[np.floating], split: Split) -> Report:
    """What tables and plots show of one vote: each label's figures, who is taken for whom, the reliability's bins."""
    return {
        "per_label": dict(zip(LABELS, per_label(probabilities, split.labels), strict=True)),
        "confusion": confusion(probabilities, split.labels).tolist(),
        "reliability": reliability(probabilities, split.labels),
    }


HARDENED_FIELDS = ("accuracy", "macro_recall", "macro_f1", "ece", "ferplus_agreement")
MEMBER_FIELDS = ("accuracy", "macro_recall", "ece", "ms_per_crop")
ENSEMBLE_FIELDS = (
    "members",
    "accuracy",
    "ci95",
    "accuracy_without_duplicates",
    "macro_recall",
    "macro_f1",
    "ece",
    "ferplus_agreement",
)
ASKED_FOR = ("robustness", "served")


def published(report: Report) -> Report:
    """The form that `--json` prints; robustness and served figures beside it where they were asked for."""
    return {
        "dataset": report["dataset"],
        "split": report["split"],
        "n": report["n"],
        "members": {
            name: {field: figures[field] for field in MEMBER_FIELDS} for name, figures in report["members"].items()
        },
        "ensemble": {field: report["ensemble"][field] for field in ENSEMBLE_FIELDS},
    } | {name: report[name] for name in ASKED_FOR if name in report}
