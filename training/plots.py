"""The report's figures as PNGs, drawn from the same dictionaries that `--record` writes."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.fer2013 import LABELS
from training.figures import Report

INCHES = (6.4, 5.2)
DPI = 120


def write_plots(report: Report, folder: Path) -> list[Path]:
    """Draw what was measured, and only that; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (_, draw) in PLOTS.items():
        if not report.get(name):
            continue
        figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot(), report)
        written.append(folder / f"{name}.png")
        figure.savefig(written[-1])
    return written


def _confusion(axes: Axes, report: Report) -> None:
    """Each row's shares sum to 1; the count stands beneath."""
    counts = np.array(report["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.6 else "black"
        text = f"{share:.2f}\n{counts[row, column]}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
    places = range(len(LABELS))
    axes.set_xticks(places, LABELS, rotation=45, ha="right")
    axes.set_yticks(places, LABELS)
    axes.set(xlabel="label given by the vote", ylabel="label of the picture", title=_title(report, "confusion"))


def _reliability(axes: Axes, report: Report) -> None:
    """Accuracy over confidence, a point a bin, its area the share of pictures; the diagonal is perfect."""
    bins = report["reliability"]
    confidence, accuracy = [each["confidence"] for each in bins], [each["accuracy"] for each in bins]
    axes.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1, label="perfectly calibrated")
    axes.plot(confidence, accuracy, linewidth=1)
    axes.scatter(confidence, accuracy, [600 * each["n"] / report["n"] for each in bins], label="area: pictures")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axes.set_title(_title(report, f"reliability, ECE {report['ensemble']['ece']:.3f}"))
    axes.legend(loc="upper left")


def _latency_frontier(axes: Axes, report: Report) -> None:
    points = report["latency_frontier"]
    costs, shares = [point["ms_per_crop"] for point in points], [100 * point["accuracy"] for point in points]
    axes.plot(costs, shares, marker="o", label="best of every size")
    for point, cost, share in zip(points, costs, shares, strict=True):
        axes.annotate(f"{len(point['members'])}", (cost, share), (4, 5), textcoords="offset points")
    for section, marker, words in (("members", "x", "single members"), ("votes", "*", "named votes")):
        named = report[section]
        costs, shares = (
            [own["ms_per_crop"] for own in named.values()],
            [100 * own["accuracy"] for own in named.values()],
        )
        axes.scatter(costs, shares, marker=marker, label=words, zorder=3)
        for name, cost, share in zip(named, costs, shares, strict=True):
            axes.annotate(name, (cost, share), (5, -9), textcoords="offset points", fontsize=8)
    axes.margins(x=0.12)
    axes.set(xlabel="ms a crop, one thread, summed over the members", ylabel="accuracy in %")
    axes.set_title(_title(report, "accuracy by cost (chosen on the public test)"))
    axes.legend(loc="lower right")


def _truths_frontier(axes: Axes, report: Report) -> None:
    mixes = report["truths_frontier"]
    # Not joined: in the order of the public test, on which they were chosen, the private one's go to and fro.
    axes.scatter(*_truths(mixes), marker=".", label="mixes chosen on the public test")
    for section, marker in (("members", "x"), ("votes", "*")):
        named = report[section]
        across, up = _truths(named.values())
        axes.scatter(across, up, marker=marker, s=70, label=section, zorder=3)
        for name, x, y in zip(named, across, up, strict=True):
            axes.annotate(name, (x, y), (5, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel="accuracy by FER2013's label in %", ylabel="agreement with FER+'s majority in %")
    axes.set_title(_title(report, "two truths"))
    axes.margins(x=0.12)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.1))


def _truths(points: Iterable[Report]) -> tuple[list[float], list[float]]:
    listed = list(points)
    return [100 * point["accuracy"] for point in listed], [100 * point["ferplus_agreement"] for point in listed]


def _title(report: Report, what: str) -> str:
    return f"{report['dataset']}, {report['split'].replace('_', ' ')}: {what}"


# By the part of the report that each shows: what it is called where it can't be seen, and what draws it.
PLOTS: dict[str, tuple[str, Callable[[Axes, Report], None]]] = {
    "confusion": ("Which label the default vote gives to pictures of which label", _confusion),
    "reliability": ("How often the default vote is right, over how sure it is", _reliability),
    "latency_frontier": ("The best vote of each number of members: accuracy over time of a crop", _latency_frontier),
    "truths_frontier": ("Accuracy by FER2013's label over agreement with FER+'s annotators", _truths_frontier),
}
