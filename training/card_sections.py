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


def marks(report: Report) -> str:
    """What was aimed at, claimed by the original and published, beside what was measured here."""
    measured = {name: own["accuracy"] for name, own in report["members"].items()}
    public = report["public_test"]["members"]
    best = max(public, key=lambda name: public[name]["accuracy"])
    measured |= {"vote": report["ensemble"]["accuracy"], "best member": measured[best]}
    rows = [
        (
            f"best member (`{best}`, by the public test)" if name == "best member" else name,
            *(percent(own.get(source)) for source in ("original", "published", "target")),
            percent(measured.get(name)),
            _met(measured.get(name), own.get("target")),
        )
        for name, own in card_texts.MARKS.items()
    ]
    columns = ("private test", "the original claims", "published (arXiv 2004.11823)", "target", "measured here", "")
    return card_texts.MARKS_INTRODUCTION + "\n" + table(columns, rows)


def _met(measured: float | None, target: float | None) -> str:
    if measured is None:
        return "not trained"
    if target is None:
        return ""
    return "met" if measured >= target else f"**missed** by {100 * (target - measured):.1f} points"


def gain(report: Report) -> str:
    """What the vote is worth over the best single member, with paired intervals; empty where it was not measured."""
    if "gain" not in report:
        return ""
    single = report["gain"]["over"]
    public, private = (
        f"{100 * own['points']:+.2f} points (95 % interval {100 * own['ci95'][0]:+.2f} to {100 * own['ci95'][1]:+.2f})"
        for own in (report["gain"][split] for split in ("public_test", "private_test"))
    )
    return (
        f"Over `{single}` alone, the best member by the public test, the default vote gains\n{public} on the "
        f"public test, where its weights were chosen, and {private} on the private test.\n"
    )


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
            own["calibration"]["truth"],
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
        "public test,\nby the truth that the member learned more of, or that the vote was chosen by, and the error "
        "is by the same truth.\nMembers are exported with theirs, and votes are served at theirs.\n\n"
        + table(("", "temperature", "truth", "ECE without it", "ECE with it"), rows)
    )


def two_truths(report: Report) -> str:
    """What each member, vote and mix reaches by either truth, and whom the default vote favours."""
    named = {f"`{name}`": own for name, own in report["members"].items()}
    named |= {f"**vote `{name}`**": own for name, own in report["votes"].items()}
    named |= {f"mix of {', '.join(mix['members'])}": mix for mix in report.get("truths_frontier", ())}
    measured = {name: own for name, own in named.items() if own.get("ferplus_agreement") is not None}
    if not measured:
        return ""
    rows = [
        (
            name,
            percent(own["accuracy"]),
            percent(own["ferplus_agreement"]),
            *(UNKNOWN if own.get(error) is None else f"{own[error]:.3f}" for error in ("ece", "ferplus_ece")),
        )
        for name, own in measured.items()
    ]
    columns = ("", "FER2013's label", "FER+ majority", "ECE by FER2013", "ECE by FER+")
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
        f"Of the named votes `{best['accuracy']}` was the best on the public test by FER2013's label and "
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
    more = [
        (
            description,
            *(percent(vote.get(figure)) for figure in ("accuracy", "macro_recall", "macro_f1", "ferplus_agreement")),
            f"{vote['ece']:.3f}",
        )
        for description, vote in ((description, own["votes"]["default"]) for description, own in changed)
    ]
    heads = ("default vote", "accuracy", "macro recall", "macro F1", "FER+ majority", "ECE")
    return "\n".join([card_texts.ROBUSTNESS, table(columns, rows), table(heads, more)])
