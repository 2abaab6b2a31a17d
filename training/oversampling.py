"""Measure whether SMOTE and ADASYN help: logistic regressions on one member's embeddings.

    python -m training.oversampling --data ../shared/data/fer2013

reads what an exported member (`--member`, by default residual) sees in the 28,006 training pictures before its
last dense layer, and fits a logistic regression on it four times: as it is, with class weights, with SMOTE
(Chawla et al., 2002) and with ADASYN (He et al., 2008), which make up embeddings of the rare labels until all are
about as frequent. The figures go into `models/experiments.json` under "oversampling". Nothing is chosen here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import click
import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from training import fer2013
from training.command_help import DATA_HELP, help_of
from training.embeddings import EmbeddingMember
from training.experiments import Figures, record_experiment
from training.measures import accuracy, macro_recall

MAX_ITERATIONS = 2000

Embedded = tuple[NDArray[np.floating[Any]], NDArray[np.int64]]  # features [n, d], labels [n]


def compare(splits: Mapping[str, Embedded], seed: int) -> Figures:
    """Each way's figures on each of the splits; the first split is the one that is learned."""
    train_features, train_labels = next(iter(splits.values()))
    scaler = StandardScaler().fit(train_features)
    scaled = {name: (scaler.transform(features), labels) for name, (features, labels) in splits.items()}
    learned: Embedded = (scaler.transform(train_features), train_labels)
    ways: dict[str, tuple[Embedded, str | None]] = {
        "as_it_is": (learned, None),
        "class_weights": (learned, "balanced"),
        "smote": (SMOTE(random_state=seed).fit_resample(*learned), None),
        "adasyn": (ADASYN(random_state=seed).fit_resample(*learned), None),
    }
    return {name: _measured(examples, weights, scaled) for name, (examples, weights) in ways.items()}


def _measured(examples: Embedded, class_weight: str | None, splits: Mapping[str, Embedded]) -> Figures:
    """Fit on the examples; how many they are, and how well the fit does on each of the splits."""
    regression = LogisticRegression(class_weight=class_weight, max_iter=MAX_ITERATIONS).fit(*examples)
    measured = {
        name: figures(_probabilities(regression, features), labels) for name, (features, labels) in splits.items()
    }
    return {"examples": len(examples[1]), **measured}


def _probabilities(regression: LogisticRegression, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Probabilities [n, 7], also where some label was never learned."""
    probabilities = np.zeros((len(features), len(fer2013.LABELS)))
    probabilities[:, regression.classes_] = regression.predict_proba(features)
    return probabilities


def figures(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy and macro recall, from 0 to 1, of probabilities [n, 7] and labels int64 [n]."""
    return {"accuracy": accuracy(probabilities, labels), "macro_recall": macro_recall(probabilities, labels)}


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
@click.option("--member", default="residual", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="of the made-up embeddings")
def main(data: Path, models: Path, member: str, seed: int) -> None:
    dataset, embedding = fer2013.load(data), EmbeddingMember(models, member)
    splits = (dataset.train, dataset.public_test, dataset.private_test)
    seen = {split.name: embedding.see(split.pictures, split.name) for split in splits}
    own = {split.name: figures(seen[split.name].probabilities, split.labels) for split in splits}
    ways = compare({split.name: (seen[split.name].features, split.labels) for split in splits}, seed)
    measured = {"member": member, "version": embedding.version, "mirrored": embedding.mirrored, "seed": seed}
    record_experiment(models, "oversampling", measured | {"own_last_layer": own, "ways": ways})
    for name, each in {"own_last_layer": own, **ways}.items():
        shares = (f"{split.name} {each[split.name]['accuracy']:.2%}" for split in splits)
        click.echo(f"{name}: {', '.join(shares)}; macro recall {each['private_test']['macro_recall']:.2%} of private")


if __name__ == "__main__":
    main()
