"""What a run leaves to look at: its epochs as CSV, and the accuracies drawn as the original's figure 3.7 has them."""

import csv
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

LOG_FIELDS = (
    "epoch",
    "resolution",
    "train_loss",
    "train_accuracy",
    "public_loss",
    "public_accuracy",
    "seconds",
)


def append_to_log(path: Path, row: dict[str, object]) -> None:
    """Add one epoch to the run's CSV log."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, LOG_FIELDS)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def plot_learning_curve(run_folder: Path) -> None:
    """Draw `log.csv` as `learning_curve.png`: accuracy over epochs."""
    with (run_folder / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
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
