"""The model card's tables of what was measured; each is empty where its figures are missing."""

from collections.abc import Iterable
from typing import Any

from training import card_texts

Report = dict[str, Any]

UNKNOWN = "–"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], words: int = 1) -> str:
    """A Markdown table: the first `words` columns to the left, figures to the right."""
    heads = list(columns)
    rule = ["---" if index < words else "---:" for index in range(len(heads))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows)) + "\n"


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.2%}"


def labels(report: Report) -> str:
    if "per_label" not in report:
        return ""
    rows = [
        (name, f"{own['n']:,}", percent(own["recall"]), percent(own["precision"]), percent(own["f1"]))
        for name, own in report["per_label"].items()
    ]
    figures = table(("label", "pictures", "recall", "precision", "F1"), rows)
    taken = [
        (f"**{name}**", *(str(count) for count in counts))
        for name, counts in zip(report["per_label"], report["confusion"], strict=True)
    ]
    confusion = table(("picture's label \\ given", *report["per_label"]), taken)
    return f"### Label by label\n\nThe default vote on the private test.\n\n{figures}\n{confusion}"


def calibration(report: Report) -> str:
    rows = [
        (
            f"`{name}`" if section == "members" else f"vote `{name}`",
            f"{own['calibration']['temperature']:.3f}",
            f"{own['calibration']['ece_before']:.3f}",
            f"{own['calibration']['ece_after']:.3f}",
        )
        for section in ("members", "votes")
        for name, own in report[section].items()
        if "calibration" in own
    ]
    if not rows:
        return ""
    return (
        "### Calibration\n\nExpected calibration error (15 bins) on the private test; temperatures were fitted on the "
        "public test.\nMembers are exported with theirs; the vote is served without one, and the last column is "
        "what its own would give.\n\n" + table(("", "temperature", "ECE without it", "ECE with it"), rows)
    )


def two_truths(report: Report) -> str:
    """What each member, vote and mix reaches by either truth, and whom the default vote favours."""
    named = {f"`{name}`": own for name, own in report["members"].items()}
    named |= {f"**vote `{name}`**": own for name, own in report["votes"].items()}
    named |= {f"mix of {', '.join(mix['members'])}": mix for mix in report.get("truths_frontier", ())}
    measured = {name: own for name, own in named.items() if own.get("ferplus_agreement") is not None}
    if not measured:
        return ""
    rows = [(name, percent(own["accuracy"]), percent(own["ferplus_agreement"])) for name, own in measured.items()]
    columns = ("", "FER2013's label", "FER+ majority")
    introduction = (
        f"Private test: {report['n']:,} pictures, {report['ferplus_pictures']:,} of them with a leading label. Mixes "
        "vote with\nequal weights and were chosen on the public test: no other mix was better there by both truths.\n"
    )
    return "\n".join([card_texts.TWO_TRUTHS, introduction, table(columns, rows), _favoured(report)])


def _favoured(report: Report) -> str:
    best = {
        truth: max(report["votes"], key=lambda name: report["public_test"]["votes"][name].get(truth) or 0.0)
        for truth in ("accuracy", "ferplus_agreement")
    }
    return (
        f"Of the named votes `{best['accuracy']}` was the better on the public test by FER2013's label and "
        f"`{best['ferplus_agreement']}` by FER+'s majority.\n"
    )


def latency(report: Report) -> str:
    if "latency_frontier" not in report:
        return ""
    rows = [
        (
            ", ".join(point["members"]),
            str(len(point["members"])),
            percent(point["public_test_accuracy"]),
            percent(point["accuracy"]),
            f"{point['ms_per_crop']:.2f}",
        )
        for point in report["latency_frontier"]
    ]
    columns = ("equal vote of", "members", "public test", "private test", "ms a crop")
    return (
        "### The best of every size\n\nChosen on the public test; milliseconds are summed over the members.\n\n"
        + table(columns, rows)
    )


def robustness(report: Report) -> str:
    if "robustness" not in report:
        return ""
    subjects = [("members", name) for name in report["members"]] + [("votes", name) for name in report["votes"]]
    changed = [("unchanged", report)] + [(own["description"], own) for own in report["robustness"].values()]
    rows = [
        (description, *(percent(own[section][name]["accuracy"]) for section, name in subjects))
        for description, own in changed
    ]
    columns = ("", *(f"`{name}`" if section == "members" else f"vote `{name}`" for section, name in subjects))
    return card_texts.ROBUSTNESS + "\n" + table(columns, rows)
