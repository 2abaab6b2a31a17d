"""What a run leaves to look at: its epochs as CSV, and the accuracies drawn as the original's figure 3.7 has them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.replacing import replacing

LOG_FIELDS = (
    "epoch",
    "resolution",
    "train_loss",
    "train_accuracy",
    "public_loss",
    "public_accuracy",
    "seconds",
)


def add_to_log(path: Path, row: Mapping[str, object]) -> None:
    """Put one epoch behind those before it in the run's CSV log.

    A row of the same epoch gives way: a run that was killed before its checkpoint was written goes through it again.
    """
    before = [other for other in read_log(path) if int(other["epoch"]) < int(str(row["epoch"]))]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, LOG_FIELDS)
    writer.writeheader()
    writer.writerows([*before, row])
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def read_log(path: Path) -> list[dict[str, str]]:
    """The log's rows; none where there is no log yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def plot_learning_curve(run_folder: Path) -> None:
    """Draw `log.csv` as `learning_curve.png`: accuracy over epochs."""
    rows = read_log(run_folder / "log.csv")
    figure = Figure(figsize=(7, 4), dpi=120, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, label in (
        ("train_accuracy", "training (augmented)"),
        ("public_accuracy", "public test (averaged)"),
    ):
        points = [(int(row["epoch"]), float(row[name])) for row in rows if row[name]]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=label)
    axes.set(title=run_folder.name, xlabel="epoch", ylabel="accuracy")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(run_folder / "learning_curve.png")
