"""`models/experiments.json`: what was tried beside the ensemble, one key an experiment; the model card tells of it."""

import json
from pathlib import Path
from typing import Any

from training.replacing import replacing

FILE_NAME = "experiments.json"

Figures = dict[str, Any]


def read_experiments(models: Path) -> Figures:
    """Each experiment's figures by its name; nothing where no experiment was run."""
    path = models / FILE_NAME
    return json.loads(path.read_text()) if path.exists() else {}


def record_experiment(models: Path, name: str, figures: Figures) -> None:
    """Put one experiment's figures in place of its old ones, and leave the others as they are."""
    experiments = read_experiments(models) | {name: rounded(figures)}
    with replacing(models / FILE_NAME) as file:
        file.write(f"{json.dumps(experiments, indent=2)}\n".encode())


def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The same with every float at five digits behind the point, or at five figures where it is smaller than 0.1."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return round(value, 5) if abs(value) >= 0.1 else float(f"{value:.5g}")
    return value
