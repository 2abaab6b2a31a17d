import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from contracts.members import Vote
from training import card_experiments, confused_pairs, manifest
from training.checkpoint import Checkpoint
from training.confused_pairs import (
    GROUPS,
    Pictures,
    Rule,
    choose,
    decided_again,
    experiment,
    is_doubtful,
    judged,
    recommendation,
    sign_test,
)
from training.export import export
from training.fer2013 import LABELS
from training.train import Configuration
from training.zoo import BUILDERS

FEAR, HAPPY, SAD, SURPRISE, NEUTRAL = (LABELS.index(name) for name in ("fear", "happy", "sad", "surprise", "neutral"))
THREE, TWO = GROUPS


def voted(*shares: dict[int, float]) -> np.ndarray:
    vote = np.zeros((len(shares), 7))
    for row, own in zip(vote, shares, strict=True):
        for label, share in own.items():
            row[label] = share
    return vote


def test_a_vote_is_doubtful_where_both_top_labels_are_of_one_group_and_close() -> None:
    vote = voted(
        {SAD: 0.50, NEUTRAL: 0.45},
        {SAD: 0.60, NEUTRAL: 0.35},
        {HAPPY: 0.50, NEUTRAL: 0.45},
        {FEAR: 0.50, SURPRISE: 0.45},
        {FEAR: 0.50, NEUTRAL: 0.45},
    )
    assert is_doubtful(vote, TWO, 0.1).tolist() == [True, False, False, False, False]
    assert is_doubtful(vote, THREE, 0.1).tolist() == [False, False, False, True, False]
    assert not is_doubtful(vote, TWO, 0.0).any()


def test_no_pair_of_labels_is_in_two_groups_and_groups_follow_the_order_of_labels() -> None:
    assert len(set(THREE) & set(TWO)) == 1
    for group in GROUPS:
        assert list(group) == sorted(group, key=LABELS.index)


def test_only_what_the_vote_gave_to_the_group_is_shared_out_anew() -> None:
    vote = voted({SAD: 0.45, NEUTRAL: 0.40, HAPPY: 0.15}, {HAPPY: 0.9, SAD: 0.1})
    opinions = {TWO: np.array([[0.2, 0.8], [1.0, 0.0]])}
    decided = decided_again(vote, opinions, threshold=0.1, share=1.0)
    np.testing.assert_allclose(decided[0], voted({SAD: 0.17, NEUTRAL: 0.68, HAPPY: 0.15})[0])
    np.testing.assert_allclose(decided[1], vote[1])
    half = decided_again(vote, opinions, threshold=0.1, share=0.5)
    np.testing.assert_allclose(half[0], (decided[0] + vote[0]) / 2)
    np.testing.assert_allclose(half.sum(axis=1), 1.0)


def pictures_with(opinion: np.ndarray, labels: np.ndarray) -> Pictures:
    """The vote hesitates between sad and neutral, and always says sad."""
    vote = voted(*[{SAD: 0.52, NEUTRAL: 0.48}] * len(labels))
    return Pictures(labels, vote, {strength: {TWO: opinion} for strength in confused_pairs.STRENGTHS})


def test_a_network_that_knows_better_is_chosen_and_kept() -> None:
    labels = np.tile([SAD, NEUTRAL], 20)
    pictures = pictures_with(np.where(labels[:, None] == [SAD, NEUTRAL], 0.9, 0.1), labels)
    rule = choose(pictures)
    assert (rule.threshold, rule.share) == (0.05, 0.25)
    figures = judged(rule, pictures)
    assert (figures["corrected"], figures["spoiled"], figures["asked"], figures["n"]) == (20, 0, 40, 40)
    assert figures["gain"] == pytest.approx(0.5)
    assert recommendation(figures) == "keep"


def test_a_network_that_knows_less_is_never_asked() -> None:
    labels = np.tile([SAD, SAD, NEUTRAL], 10)
    pictures = pictures_with(np.tile([0.1, 0.9], (30, 1)), labels)
    rule = choose(pictures)
    assert rule.threshold == 0.0
    figures = judged(rule, pictures)
    assert (figures["asked"], figures["gain"], figures["chance"]) == (0, 0.0, 1.0)
    assert recommendation(figures) == "leave"


def test_a_gain_that_chance_explains_is_not_enough_to_keep_it() -> None:
    assert sign_test(1, 0) == 0.5
    assert sign_test(0, 0) == 1.0
    assert sign_test(8, 1) == pytest.approx(10 / 512)
    assert recommendation({"gain": 0.001, "chance": sign_test(6, 4)}) == "leave"


def test_rules_are_chosen_on_one_half_and_judged_on_the_other() -> None:
    labels = np.tile([SAD, SAD, NEUTRAL, NEUTRAL], 10)
    pictures = pictures_with(np.linspace(0, 1, 80).reshape(40, 2), labels)
    even = pictures.part(slice(0, None, 2))
    np.testing.assert_array_equal(even.labels, labels[::2])
    np.testing.assert_array_equal(even.opinions[1e-3][TWO], pictures.opinions[1e-3][TWO][::2])
    figures = judged(Rule(0.1, 1.0, 1e-3), even)
    assert figures["n"] == 20


def test_the_whole_experiment_helps_a_vote_that_overlooks_what_the_features_tell() -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 7, 700)
    centres = random.normal(0.0, 3.0, (7, 6))
    features = centres[labels] + random.normal(0.0, 1.0, (700, 6))
    hesitating = np.where(np.isin(labels, [SAD, NEUTRAL]), SAD, labels)
    runner_up = np.where(hesitating == SAD, NEUTRAL, 0)
    vote = 0.5 * np.eye(7)[hesitating] + 0.4 * np.eye(7)[runner_up] + 0.1 / 7
    tests = dict.fromkeys(("public_test", "private_test"), (features, vote, labels))
    measured = experiment((features, labels), tests)
    assert measured["recommendation"] == "keep"
    assert measured["private_test"]["gain"] > 0.1
    recorded = {"members": {"small": 2}, "weights": {"small": 1.0}, **measured}
    told = card_experiments.what_was_tried({"confused_pairs": json.loads(json.dumps(recorded))})
    assert "worth keeping" in told
    assert "Of the vote of `small` 2 (100%)" in told
    assert "fear, sad, surprise and for sad, neutral" in told


def test_the_command_records_what_the_default_votes_members_see(dataset_folder: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    weights = [weight.numpy() for weight in BUILDERS["baseline"]().weights]
    export("small", 2, models, Checkpoint(asdict(Configuration("baseline")), 0, [], weights, []), 1.0)
    shutil.copytree(models / "small", models / "twin")
    for name in ("twin", "not_in_the_vote"):
        manifest.record_member(models, name, manifest.read_manifest(models)["members"]["small"])
    manifest.record_votes(models, {"default": Vote({"small": 0.75, "twin": 0.25})})
    arguments = ["--data", str(dataset_folder), "--models", str(models)]
    result = CliRunner().invoke(confused_pairs.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    measured = json.loads((models / "experiments.json").read_text())["confused_pairs"]
    assert measured["members"] == {"small": 2, "twin": 2}
    assert (measured["public_test_chosen_on"]["n"], measured["public_test_held_out"]["n"]) == (14, 14)
    assert measured["recommendation"] in ("keep", "leave")
