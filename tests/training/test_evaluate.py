import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import made_up_pictures, write_split

from training import evaluate, manifest, model_card, vote
from training.checkpoint import Checkpoint
from training.export import export
from training.train import Configuration
from training.zoo import BUILDERS

ROOT = Path(__file__).parents[2]


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
    return result.output


def test_from_the_vote_to_the_card_every_figure_is_carried_on(dataset_folder: Path, models: Path) -> None:
    pictures, labels = made_up_pictures(28, seed=2)
    pictures[3] = made_up_pictures(128, seed=0)[0][9]
    write_split(dataset_folder, "private_test", pictures, labels)

    invoke(vote.main, "--data", dataset_folder, "--models", models)
    report = json.loads(invoke(evaluate.main, "--data", dataset_folder, "--models", models, "--json", "--record"))

    assert (report["dataset"], report["split"], report["n"]) == ("fer2013", "private_test", 28)
    assert set(report["members"]) == {"five_layer", "baseline"}
    assert set(report["members"]["baseline"]) == {"accuracy", "macro_recall", "ece", "ms_per_crop"}
    ensemble = report["ensemble"]
    assert {
        "members",
        "weights",
        "accuracy",
        "ci95",
        "accuracy_without_duplicates",
        "macro_recall",
        "macro_f1",
        "ece",
    } <= set(ensemble)
    assert ensemble["duplicates"] == 1
    assert ensemble["ci95"][0] <= ensemble["accuracy"] <= ensemble["ci95"][1]
    assert report["public_test"]["n"] == 28
    assert json.loads((models / "measured.json").read_text()) == report
    recorded = manifest.read_manifest(models)
    assert (
        recorded["members"]["baseline"]["measured"]["private_test_accuracy"]
        == report["members"]["baseline"]["accuracy"]
    )
    assert recorded["votes"]["equal"]["weights"] == {"five_layer": 0.5, "baseline": 0.5}

    card = invoke(model_card.main, models / "measured.json", "--models", models)
    assert f"**{ensemble['accuracy']:.2%}** of FER2013's private test" in card
    assert "Article 5(1)(f)" in card
    assert "Article 50(3)" in card


def test_a_limited_measurement_is_not_recorded(dataset_folder: Path) -> None:
    arguments = ["--data", str(dataset_folder), "--models", str(ROOT / "models"), "--limit", "2", "--record"]
    assert CliRunner().invoke(evaluate.main, arguments).exit_code == 2


def test_evaluation_imports_neither_tensorflow_nor_keras() -> None:
    script = "import sys, training.evaluate; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_floats_are_rounded_and_counts_are_not() -> None:
    report = {"n": 3589, "accuracy": 0.123456789, "ci95": [np.float64(0.5)], "name": "x"}
    assert evaluate.rounded(report) == {"n": 3589, "accuracy": 0.12346, "ci95": [0.5], "name": "x"}
