"""The model card's section on what was tried; each part is empty where its experiment was not run."""

from training.card_sections import Report, percent, table
from training.experiments import Figures

NOT_ANEW = """\
Each by its own command, with the members of its day; the figures above are of today's.
"""
WAYS = {
    "as_it_is": "as they are",
    "class_weights": "class weights",
    "smote": "SMOTE",
    "adasyn": "ADASYN",
}
MEASURES = {"accuracy": "accuracy", "macro_recall": "macro recall"}
HOW_MANY = ("neither does", "one does", "both do")
SPLITS = {"train": "training", "public_test": "public test", "private_test": "private test"}
MIRRORED = ("without", "with")
MS = ("ms a crop, without", "ms a crop, with")
HALVES = {
    "public_test_chosen_on": "public test, the half it was chosen on",
    "public_test_held_out": "public test, the other half",
    "private_test": "private test",
}


def what_was_tried(experiments: Report) -> str:
    parts = {
        "mirroring": mirroring, "leakage": leakage, "oversampling": oversampling, "search": search,
        "confused_pairs": confused_pairs,
    }  # fmt: skip
    told = [part(experiments[name]) for name, part in parts.items() if name in experiments]
    return "\n".join(["## What was tried\n", NOT_ANEW, *told]) if told else ""


def vote_of(experiment: Figures) -> str:
    """Which vote it was tried on: its members with their versions and weights."""
    versions = experiment["members"]
    return ", ".join(f"`{name}` {versions[name]} ({weight:.0%})" for name, weight in experiment["weights"].items())


def mirroring(experiment: Figures) -> str:
    measured = experiment["measured"]
    columns = ("", *(f"{split}, {form}" for split in ("public test", "private test") for form in MIRRORED), *MS)
    rows = [
        (
            "**the default vote**" if name == "vote" else f"`{name}`",
            *(percent(forms[form][split]) for split in ("public_test", "private_test") for form in forms),
            *(f"{each['ms_per_crop']:.2f}" for each in forms.values()),
        )
        for name, forms in measured.items()
    ]
    plain, mirrored = measured["vote"].values()
    gains = [f"{100 * (mirrored[split] - plain[split]):+.2f}" for split in ("public_test", "private_test")]
    return (
        "### The mirrored crop\n\nEach member's float file with the mean of the crop and its mirror image (test-time "
        "averaging), and the same weights without, by `python -m training.mirroring`. In the vote those are mirrored "
        "that are served so.\n\n"
        f"{table(columns, rows)}\nFor the default vote, of {vote_of(experiment)}, it is worth {gains[0]} points of the "
        f"public and {gains[1]} of the private test, at {mirrored['ms_per_crop'] / plain['ms_per_crop']:.1f} times the "
        "work.\n"
    )


def leakage(measured: Figures) -> str:
    counts = measured["n"]
    apart = (("private_test_duplicates", "that stand in training"), ("private_test_others", "others"))
    its = (f"its {counts[test]:,} {words}" for test, words in apart)
    columns = ("pictures that stand in two splits", "learned from", "public test", "private test", *its)
    rows = [
        (words, f"{measured[way]['pictures']:,}", *(percent(measured[way][test]) for test in counts))
        for way, words in (("left_out", "left out, as of every member"), ("learned", "learned, too"))
    ]
    gains = {test: 100 * (measured["learned"][test] - measured["left_out"][test]) for test in counts}
    return (
        f"### Test pictures in the training split\n\nTwo twins of `{measured['architecture']}`, {measured['epochs']} "
        "epochs each and mirrored, one of them trained on all of the official training split, by "
        "`python -m training.leakage`; neither was kept.\n\n"
        f"{table(columns, rows)}\nWho saw them names {gains['private_test_duplicates']:+.1f} points more of them "
        f"right, and {gains['private_test_others']:+.1f} of the others. It is one pair of twins, which differ by "
        "chance, too: how much a figure gains by such pictures it does not tell. No member above has learned from "
        "them; who trains on the official split as it comes has.\n"
    )


def oversampling(measured: Figures) -> str:
    rows = [_way_row("the member's own last layer", "", measured["own_last_layer"])] + [
        _way_row(words, f"{measured['ways'][name]['examples']:,}", measured["ways"][name])
        for name, words in WAYS.items()
    ]
    columns = ("learned from", "examples", *SPLITS.values(), *(f"macro recall, {words}" for words in SPLITS.values()))
    form = f"version {measured['version']}{', mirrored' if measured['mirrored'] else ''}"
    return (
        f"### Oversampling\n\nA logistic regression on `{measured['member']}`'s embeddings ({form}), by "
        "`python -m training.oversampling`; accuracy and macro recall.\n\n"
        f"{table(columns, rows)}\n{_overfitting(measured['ways'])}"
    )


def _way_row(words: str, examples: str, figures: Figures) -> tuple[str, ...]:
    shares = (percent(figures[split][measure]) for measure in ("accuracy", "macro_recall") for split in SPLITS)
    return (words, examples, *shares)


def _overfitting(ways: Figures) -> str:
    """How far the figures fall from training to private test, and whether further than the plain fit's."""
    oversampled = ("smote", "adasyn")
    falls = {
        (name, measure): own["train"][measure] - own["private_test"][measure]
        for name, own in ways.items()
        for measure in MEASURES
    }
    lines = [
        f"{words}: {' and '.join(f'{100 * falls[name, measure]:.1f} by {told}' for measure, told in MEASURES.items())}"
        for name, words in WAYS.items()
    ]
    further = [
        f"by {told} {HOW_MANY[sum(falls[name, measure] > falls['as_it_is', measure] for name in oversampled)]}"
        for measure, told in MEASURES.items()
    ]
    return (
        f"Points lost from training to private test: {'; '.join(lines)}. The original found that SMOTE and ADASYN "
        f"overfit. Do they lose more than the embeddings as they are? {', '.join(further).capitalize()}.\n"
    )


def search(measured: Figures) -> str:
    columns = ("", *(name.replace("_", " ") for name in measured["best"]["values"]), "public test")
    rows = [
        (
            words,
            *(f"{value:.3g}" for value in measured[which]["values"].values()),
            percent(measured[which]["public_test_accuracy"]),
        )
        for which, words in (("recipe", "the recipe"), ("best", "the best trial"))
    ]
    return (
        f"### Search of a recipe\n\n{measured['trials']} trials of {measured['epochs']} epochs of "
        f"`{measured['architecture']}`, {measured['pruned']} of them pruned, by `python -m training.search`. So few "
        "epochs favour what learns fast, and the best is flattered by being chosen on these very pictures. All trials "
        "stand in `models/experiments.json`.\n\n" + table(columns, rows)
    )


def confused_pairs(measured: Figures) -> str:
    columns = ("", "pictures", "asked", "corrected", "spoiled", "the vote", "with it", "by chance")
    rows = [
        (
            words,
            *(f"{measured[half][count]:,}" for count in ("n", "asked", "corrected", "spoiled")),
            percent(measured[half]["accuracy_of_the_vote"]),
            percent(measured[half]["accuracy"]),
            f"{measured[half]['chance']:.3f}",
        )
        for half, words in HALVES.items()
    ]
    groups = " and for ".join(", ".join(group) for group in measured["groups"])
    rule = measured["rule"]
    helps = measured["recommendation"] == "keep"
    verdict = "helps" if helps else "does not help"
    consequence = "worth keeping" if helps else "left out"
    told = f"It {verdict} the held-out half by more than chance explains: {consequence}."
    if not rule["threshold"]:
        told = f"On the half that rules were chosen on none was better than to ask nobody: {consequence}."
    return (
        f"### A secondary network for the confused pairs\n\nOf the vote of {vote_of(measured)}. For {groups}: asked "
        f"where the vote's two top labels are of one group and less than {rule['threshold']:.2f} apart, counted with "
        f"{rule['share']:.0%}; by `python -m training.confused_pairs`. The last column is how likely coin tosses "
        "correct as many.\n\n"
        f"{table(columns, rows)}\n{told}\n"
    )
