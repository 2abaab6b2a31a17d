"""The report for people to read in a terminal, as tables; it shows what was measured and leaves out what was not."""

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from training.figures import Report

WIDTH = 118  # where there is no terminal that tells its own
NOT_MEASURED = "–"


def as_text(report: Report, width: int | None = None) -> str:
    """The whole report, `width` columns wide: the terminal's own by default."""
    console = Console(width=width, highlight=False)
    if width is None and not console.is_terminal:
        console = Console(width=WIDTH, highlight=False)
    with console.capture() as captured:
        for part in (_headline(report), *(table(report) for table in TABLES), *_served(report)):
            if part is not None:
                console.print(part)
    return captured.get()


def share(figure: float | None) -> str:
    """0.7412 -> 74.12 %."""
    return NOT_MEASURED if figure is None else f"{100 * figure:.2f} %"


def _headline(report: Report) -> str:
    vote = report["ensemble"]
    low, high = (100 * bound for bound in vote["ci95"])
    lines = [
        f"{report['dataset']}, {report['split'].replace('_', ' ')}, {report['n']:,} pictures",
        f"Vote of {', '.join(f'{name} ({weight:.2f})' for name, weight in vote['weights'].items())}:",
        f"  accuracy {share(vote['accuracy'])} (95 % interval {low:.2f} to {high:.2f} %), "
        f"macro recall {share(vote['macro_recall'])}, macro F1 {share(vote['macro_f1'])}, ECE {vote['ece']:.3f}",
    ]
    if vote["accuracy_without_duplicates"] is not None:
        lines.append(
            f"  without the {vote['duplicates']} pictures that also stand in the training split: "
            f"{share(vote['accuracy_without_duplicates'])}"
        )
    if vote["ferplus_agreement"] is not None:
        lines.append(
            f"  names the label that FER+'s annotators named most: {share(vote['ferplus_agreement'])} "
            f"of the {report['ferplus_pictures']:,} pictures where one label leads"
        )
    return "\n".join(lines)


def _members(report: Report) -> Table:
    public = report.get("public_test", {"members": {}, "votes": {}})
    rows = []
    for section in ("members", "votes"):
        for name, own in report[section].items():
            rows.append(
                (
                    name if section == "members" else f"vote {name}",
                    share(own["accuracy"]),
                    share(public[section].get(name, {}).get("accuracy")),
                    share(own["macro_recall"]),
                    share(own["macro_f1"]),
                    share(own["ferplus_agreement"]),
                    *_calibration(own),
                    f"{own['ms_per_crop']:.2f}" if "ms_per_crop" in own else NOT_MEASURED,
                    f"{own['crops_per_second']:,.0f}" if "crops_per_second" in own else NOT_MEASURED,
                )
            )
    columns = (
        "",
        "accuracy",
        "public",
        "macro recall",
        "macro F1",
        "FER+ majority",
        "ECE, T = 1",
        "ECE, T",
        "T",
        "ms",
        "crops/s",
    )
    title = "Members and votes, each served at its temperature T (one thread; ms: one crop alone)"
    return _table(title, columns, rows)


def _calibration(own: Report) -> tuple[str, ...]:
    """ECE without temperature, ECE with it, the temperature."""
    if "calibration" not in own:
        return f"{own['ece']:.3f}", NOT_MEASURED, NOT_MEASURED
    calibration = own["calibration"]
    return tuple(f"{calibration[name]:.3f}" for name in ("ece_before", "ece_after", "temperature"))


def _labels(report: Report) -> Table | None:
    if "per_label" not in report:
        return None
    rows = [
        (name, f"{own['n']:,}", share(own["recall"]), share(own["precision"]), share(own["f1"]))
        for name, own in report["per_label"].items()
    ]
    return _table("The vote, label by label", ("label", "pictures", "recall", "precision", "F1"), rows)


def _latency(report: Report) -> Table | None:
    if "latency_frontier" not in report:
        return None
    rows = [
        (
            str(len(point["members"])),
            share(point["accuracy"]),
            share(point["public_test_accuracy"]),
            f"{point['ms_per_crop']:.2f}",
            ", ".join(point["members"]),
        )
        for point in report["latency_frontier"]
    ]
    columns = ("members", "accuracy", "public test", "ms a crop", "chosen on the public test, equal weights")
    return _table("The best of every size", columns, rows)


def _truths(report: Report) -> Table | None:
    if not report.get("truths_frontier"):
        return None
    rows = [
        (share(point["accuracy"]), share(point["ferplus_agreement"]), ", ".join(point["members"]))
        for point in report["truths_frontier"]
    ]
    columns = ("FER2013's label", "FER+ majority", "mix chosen on the public test, equal weights")
    return _table("Two truths", columns, rows)


def _robustness(report: Report) -> Table | None:
    if "robustness" not in report:
        return None
    names = [("members", name) for name in report["members"]] + [("votes", name) for name in report["votes"]]
    unchanged = ("unchanged", *(share(report[section][name]["accuracy"]) for section, name in names))
    rows = [unchanged] + [
        (condition["description"], *(share(condition[section][name]["accuracy"]) for section, name in names))
        for condition in report["robustness"].values()
    ]
    columns = ("", *(name if section == "members" else f"vote {name}" for section, name in names))
    return _table("Accuracy of pictures made harder", columns, rows)


def _served(report: Report) -> list[str]:
    return [
        f"served {way}: " + ", ".join(f"{key} {value}" for key, value in own.items())
        for way, own in report.get("served", {}).items()
    ]


def _table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        numeric = index > 0 and "chosen" not in column
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*row)
    return table


TABLES: tuple[Callable[[Report], Table | None], ...] = (_members, _labels, _latency, _truths, _robustness)
