import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import made_up_pictures, write_split

from contracts.members import Vote
from training import card_texts, evaluate, figures, manifest, model_card, vote
from training.checkpoint import Checkpoint
from training.export import export
from training.fer2013 import FERPLUS_NAMES, Split
from training.panel import weights_of
from training.robustness import CONDITIONS
from training.train import Configuration
from training.zoo import BUILDERS

ROOT = Path(__file__).parents[2]
CARD = ROOT / "docs" / "model_card.md"
SECTIONS = ("### Label by label", "### Calibration", "### Two truths", "### The best of", "### Pictures made harder")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two untrained members; the vote is still to be chosen."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("five_layer", "baseline"):
        weights = [weight.numpy() for weight in BUILDERS[name]().weights]
        export(name, 1, folder, Checkpoint(asdict(Configuration(name)), 0, [], weights, []), 1.0)
    return folder


def invoke(command: object, *arguments: object) -> str:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def voting_models(models: Path, ferplus_folder: Path) -> Path:
    """The members with votes, whatever was recorded of them before."""
    invoke(vote.main, "--data", ferplus_folder, "--models", models)
    return models


@pytest.fixture
def ferplus_folder(dataset_folder: Path) -> Path:
    """The made-up FER2013 with annotators in its tests; one private picture also stands in training."""
    names = np.array([*FERPLUS_NAMES, "contempt", "unknown", "NF"])
    for name, seed in (("public_test", 1), ("private_test", 2)):
        pictures, labels = made_up_pictures(28, seed)
        if name == "private_test":
            pictures[3] = made_up_pictures(128, seed=0)[0][9]
        votes = np.zeros((28, 10), np.int16)
        votes[np.arange(28), (labels + 1) % 7] = 10
        votes[:5] = 0
        write_split(dataset_folder, name, pictures, labels, ferplus_votes=votes, ferplus_names=names)
    return dataset_folder


def test_the_card_knows_every_network_of_the_zoo() -> None:
    assert set(card_texts.ZOO) == set(BUILDERS)


def test_a_gain_that_is_chance_has_an_interval_around_nothing() -> None:
    labels = np.arange(700) % 7
    right, wrong = np.eye(7)[labels], np.eye(7)[(labels + 1) % 7]
    every_other = (np.arange(700) % 2 == 0)[:, None]
    one, other = np.where(every_other, right, wrong), np.where(every_other, wrong, right)
    low, high = figures.gain(one, other, labels)["ci95"]
    assert low < 0.0 < high
    assert figures.gain(right, wrong, labels) == {"points": 1.0, "ci95": [1.0, 1.0]}


def test_pictures_that_stand_elsewhere_too_can_be_left_out() -> None:
    pictures, labels = made_up_pictures(28, seed=1)
    split = Split("private_test", pictures, labels, None)
    probabilities = np.eye(7)[np.where(np.arange(28) < 4, (labels + 1) % 7, labels)]
    mirrored = pictures[:2, :, ::-1]
    assert figures.apart_from(probabilities, split, mirrored) == {"n": 2, "accuracy": 24 / 26}


def test_a_member_is_not_measured_on_pictures_that_it_learned_from(
    ferplus_folder: Path, voting_models: Path, tmp_path: Path
) -> None:
    learned = shutil.copytree(voting_models, tmp_path / "models")
    described = manifest.read_manifest(learned)
    facts = described["members"]["baseline"]
    manifest.record_member(
        learned, "baseline", facts | {"training": facts["training"] | {"auxiliary": "folder, jaffe"}}
    )
    arguments = ["--data", str(ferplus_folder), "--models", str(learned)]
    refused = CliRunner().invoke(evaluate.main, [*arguments, "--dataset", "jaffe"])
    assert refused.exit_code == 2
    assert "baseline learned from jaffe" in refused.output
    doubted = CliRunner().invoke(evaluate.main, [*arguments, "--dataset", "folder"])
    assert "baseline learned from a folder" in doubted.output


def test_json_is_exactly_what_is_documented(ferplus_folder: Path, voting_models: Path) -> None:
    report = json.loads(invoke(evaluate.main, "--data", ferplus_folder, "--models", voting_models, "--json"))
    assert set(report) == {"dataset", "split", "n", "members", "ensemble"}
    assert (report["dataset"], report["split"], report["n"]) == ("fer2013", "private_test", 28)
    assert set(report["members"]) == {"five_layer", "baseline"}
    assert set(report["members"]["baseline"]) == {"accuracy", "macro_recall", "ece", "ms_per_crop"}
    ensemble = report["ensemble"]
    assert set(ensemble) == {
        "members",
        "accuracy",
        "ci95",
        "accuracy_without_duplicates",
        "macro_recall",
        "macro_f1",
        "ece",
        "ferplus_agreement",
    }
    assert ensemble["ci95"][0] <= ensemble["accuracy"] <= ensemble["ci95"][1]
    assert 0 <= ensemble["ferplus_agreement"] <= 1


def test_from_the_vote_to_the_card_every_figure_is_carried_on(
    ferplus_folder: Path, voting_models: Path, tmp_path: Path
) -> None:
    arguments = ("--data", ferplus_folder, "--models", voting_models, "--json", "--record", "--robustness")
    printed = json.loads(invoke(evaluate.main, *arguments, "--plots", tmp_path / "plots"))
    report = json.loads((voting_models / "measured.json").read_text())

    assert evaluate.published(report) == printed
    assert report["ensemble"]["duplicates"] == 1
    assert report["ferplus_pictures"] == 23
    assert report["public_test"]["n"] == 28
    assert set(report["robustness"]) == set(CONDITIONS)
    assert np.sum(report["confusion"]) == 28
    baseline = report["members"]["baseline"]
    assert baseline["calibration"]["ece_after"] == baseline["ece"]
    assert report["votes"]["equal"]["calibration"]["ece_after"] == report["votes"]["equal"]["ece"]
    assert [len(point["members"]) for point in report["latency_frontier"]] == [1, 2]
    recorded = manifest.read_manifest(voting_models)
    assert recorded["members"]["baseline"]["measured"] == {
        "public_test_accuracy": report["public_test"]["members"]["baseline"]["accuracy"],
        "private_test_accuracy": baseline["accuracy"],
        "private_test_ece": baseline["ece"],
        "private_test_ferplus_agreement": baseline["ferplus_agreement"],
    }
    equal = recorded["votes"]["equal"]
    assert equal["weights"] == {"five_layer": 0.5, "baseline": 0.5}
    assert equal["temperature"] == report["votes"]["equal"]["calibration"]["temperature"]
    plots = {"confusion", "reliability", "latency_frontier", "truths_frontier"}
    assert {path.stem for path in (tmp_path / "plots").glob("*.png")} == plots

    card = invoke(model_card.main, voting_models / "measured.json", "--models", voting_models)
    assert f"**{report['ensemble']['accuracy']:.2%}** of FER2013's private test" in card
    for told in ("Article 5(1)(f)", "Article 50(3)", "nothing about what a person feels", *SECTIONS):
        assert told in card
    assert CONDITIONS["blurred"].description in card
    assert f"{100 * report['gain']['private_test']['points']:+.2f} points" in card
    assert "0 that also stand in the public test" in card
    assert "but not trained for the ensemble: `residual`" in card
    assert "**missed** by" in card

    written = tmp_path / "docs" / "card.md"
    written.parent.mkdir()
    invoke(model_card.main, voting_models / "measured.json", "--models", voting_models, "--to", written)
    assert written.read_text() == card
    shown = re.findall(r"!\[.+\]\((.+)\)", card)
    assert {Path(path).stem for path in shown} == plots
    assert all((written.parent / path).is_file() for path in shown)


def test_the_committed_card_is_what_the_committed_figures_give() -> None:
    models = ROOT / "models"
    assert invoke(model_card.main, models / "measured.json", "--models", models) == CARD.read_text()
    shown = re.findall(r"!\[.+\]\((.+)\)", CARD.read_text())
    assert shown
    assert all((CARD.parent / path).is_file() for path in shown)


def test_a_member_that_was_exported_after_it_was_measured_has_no_card(
    ferplus_folder: Path, voting_models: Path, tmp_path: Path
) -> None:
    invoke(evaluate.main, "--data", ferplus_folder, "--models", voting_models, "--record")
    later = shutil.copytree(voting_models, tmp_path / "models")
    facts = manifest.read_manifest(later)["members"]["baseline"]
    manifest.record_member(later, "baseline", facts | {"sha256": {"model.tflite": "another"}})
    refused = CliRunner().invoke(model_card.main, [str(later / "measured.json"), "--models", str(later)])
    assert refused.exit_code == 1
    assert "is of other files or votes than" in refused.output


def test_a_vote_that_was_chosen_after_it_was_measured_has_no_card(
    ferplus_folder: Path, voting_models: Path, tmp_path: Path
) -> None:
    invoke(evaluate.main, "--data", ferplus_folder, "--models", voting_models, "--record")
    later = shutil.copytree(voting_models, tmp_path / "models")
    manifest.record_votes(later, {"default": Vote({"baseline": 1.0}, 0.5)})
    refused = CliRunner().invoke(model_card.main, [str(later / "measured.json"), "--models", str(later)])
    assert refused.exit_code == 1
    assert "is of other files or votes than" in refused.output


def test_the_card_leaves_out_what_was_not_measured(ferplus_folder: Path, voting_models: Path) -> None:
    invoke(evaluate.main, "--data", ferplus_folder, "--models", voting_models, "--record")
    report = json.loads((voting_models / "measured.json").read_text())
    for missing in ("per_label", "confusion", "latency_frontier", "truths_frontier", "ferplus_pictures"):
        del report[missing]
    for own in (*report["members"].values(), *report["votes"].values()):
        del own["calibration"], own["ferplus_agreement"]
    card = model_card.card(report, manifest.read_manifest(voting_models))
    assert "## Figures" in card
    for section in SECTIONS:
        assert section not in card


def test_the_readable_report_shows_each_figure_in_a_table(ferplus_folder: Path, voting_models: Path) -> None:
    text = invoke(evaluate.main, "--data", ferplus_folder, "--models", voting_models, "--robustness")
    for told in (
        "fer2013, private test, 28 pictures",
        "95 % interval",
        "without the 1 pictures that also stand in the training split",
        "of the 23 pictures where one label leads",
        "vote equal",
        "surprise",
        "The best of every size",
        "Two truths",
        "eyes covered",
    ):
        assert told in text


def test_other_data_sets_have_null_where_a_figure_does_not_exist(voting_models: Path, tmp_path: Path) -> None:
    for index, code in enumerate(("AN", "DI", "FE", "HA", "SA", "SU", "NE")):
        cv2.imwrite(str(tmp_path / f"KA.{code}1.{index}.tiff"), made_up_pictures(7, seed=4)[0][index])
    (tmp_path / "README").touch()
    arguments = ["--data", str(tmp_path), "--dataset", "jaffe", "--models", str(voting_models)]
    result = CliRunner().invoke(evaluate.main, [*arguments, "--json"], catch_exceptions=False)
    report = json.loads(result.stdout)
    assert (report["dataset"], report["split"], report["n"]) == ("jaffe", "all", 7)
    assert report["ensemble"]["accuracy_without_duplicates"] is None
    assert report["ensemble"]["ferplus_agreement"] is None
    assert "README: its name carries no label" in result.stderr
    plots = tmp_path / "plots"
    text = invoke(evaluate.main, *arguments, "--plots", plots)
    assert "jaffe, all, 7 pictures" in text
    assert {path.stem for path in plots.iterdir()} == {"confusion", "reliability"}


def test_named_members_vote_alone(ferplus_folder: Path, voting_models: Path) -> None:
    arguments = ("--data", ferplus_folder, "--models", voting_models, "--json", "--members", "baseline")
    report = json.loads(invoke(evaluate.main, *arguments))
    assert set(report["members"]) == {"baseline"}
    assert report["ensemble"]["members"] == ["baseline"]
    assert report["ensemble"]["accuracy"] == report["members"]["baseline"]["accuracy"]


def test_a_profile_is_one_of_the_manifests_votes(ferplus_folder: Path, voting_models: Path) -> None:
    arguments = ("--data", ferplus_folder, "--models", voting_models, "--json", "--profile", "equal")
    assert json.loads(invoke(evaluate.main, *arguments))["ensemble"]["members"] == ["five_layer", "baseline"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--members", "baseline,nobody"), "has no member nobody; it has five_layer, baseline"),
        (("--profile", "best"), "has no vote 'best'; it has default, equal"),
        (("--dataset", "folder"), "no folder named after a label"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    ferplus_folder: Path, voting_models: Path, arguments: tuple[str, str], told: str
) -> None:
    command = ["--data", str(ferplus_folder), "--models", str(voting_models), *arguments]
    result = CliRunner().invoke(evaluate.main, command)
    assert result.exit_code == 1
    assert told in result.stderr


@pytest.mark.parametrize("part", [("--limit", "2"), ("--members", "baseline"), ("--profile", "equal"), ("--float",)])
def test_a_partial_measurement_is_not_recorded(
    ferplus_folder: Path, voting_models: Path, part: tuple[str, ...]
) -> None:
    before = (voting_models / "models.toml").read_text()
    arguments = ["--data", str(ferplus_folder), "--models", str(voting_models), *part, "--record"]
    assert CliRunner().invoke(evaluate.main, arguments).exit_code == 2
    assert (voting_models / "models.toml").read_text() == before


def test_a_platform_that_is_not_there_is_told_before_anything_is_measured(
    ferplus_folder: Path, voting_models: Path
) -> None:
    arguments = ["--data", str(ferplus_folder), "--models", str(voting_models), "--served", "http://127.0.0.1:9"]
    result = CliRunner().invoke(evaluate.main, arguments)
    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:9" in result.stderr
    assert "thespis up" in result.stderr


def test_a_platform_is_compared_with_the_vote_that_it_serves_only(ferplus_folder: Path, voting_models: Path) -> None:
    arguments = ["--data", str(ferplus_folder), "--models", str(voting_models), "--served", "http://127.0.0.1:9"]
    result = CliRunner().invoke(evaluate.main, [*arguments, "--members", "baseline"])
    assert result.exit_code == 2
    assert "no --members" in result.stderr


def test_members_weights_are_taken_from_the_profile_where_all_have_one() -> None:
    weights = {"a": 0.6, "b": 0.2, "c": 0.2}
    assert weights_of(["a", "b"], weights) == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}
    assert weights_of(["a", "d"], weights) == {"a": 0.5, "d": 0.5}


def test_a_limit_takes_pictures_of_every_label_though_they_stand_in_the_labels_order() -> None:
    labels = np.repeat(np.arange(7), 40)
    split = Split("private_test", np.zeros((280, 48, 48), np.uint8), labels)
    assert np.bincount(evaluate.spread(split, 14).labels).tolist() == [2] * 7
    assert evaluate.spread(split, None) is evaluate.spread(split, 1000) is split


def test_evaluation_imports_neither_tensorflow_nor_keras() -> None:
    script = "import sys, training.evaluate; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_floats_are_rounded_and_counts_are_not() -> None:
    report = {"n": 3589, "accuracy": 0.123456789, "ci95": [np.float64(0.5)], "name": "x"}
    assert evaluate.rounded(report) == {"n": 3589, "accuracy": 0.12346, "ci95": [0.5], "name": "x"}
