from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import write_split
from test_export import checkpoint_with_random_weights

from ensemble_worker.voting import soft_vote
from training import manifest
from training.export import export
from training.fer2013 import Split
from training.lite import FLOAT_FILE, LiteMember
from training.measures import expected_calibration_error
from training.vote import at_its_temperature, choose_weights, equal_weights, fast_weights, main, weighted_mean

LABELS = np.array([0, 1, 2, 3, 4, 5, 6, 0])


def sure_of(labels: np.ndarray, confidence: float) -> np.ndarray:
    rest = (1.0 - confidence) / 6.0
    return np.where(np.eye(7, dtype=bool)[labels], confidence, rest).astype(np.float32)


def test_a_vote_is_the_weighted_mean_of_probabilities() -> None:
    predictions = {"one": sure_of(LABELS, 0.9), "other": sure_of(LABELS, 0.5)}
    assert weighted_mean(predictions, {"one": 0.75, "other": 0.25})[0, 0] == pytest.approx(0.8)


def drawn(count: int, seed: int) -> tuple[dict[str, np.ndarray], Split]:
    """Two members of which either is honest and sure of some pictures that the other knows nothing of; FER2013's labels
    are drawn by them, and FER+'s annotators all name the next label, of every second picture.
    """
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.full(7, 0.3), count)
    labels = np.array([random.choice(7, p=shares) for shares in honest])
    knows = np.arange(count)[:, None] % 2 == 0
    ferplus = np.where(knows, np.eye(7)[(labels + 1) % 7], 0.0)
    members = {"even": np.where(knows, honest, 1 / 7), "odd": np.where(knows, 1 / 7, honest)}
    return members, Split("test", np.zeros((count, 48, 48), np.uint8), labels, ferplus)


def test_a_votes_temperature_makes_up_for_members_that_are_sure_of_different_pictures() -> None:
    chosen_on, measured_on = drawn(4_000, seed=1), drawn(4_000, seed=2)
    vote = at_its_temperature({"even": 0.5, "odd": 0.5}, *chosen_on, by_ferplus=False)
    predictions, split = measured_on
    without, served = weighted_mean(predictions, vote.weights), soft_vote(predictions, vote)
    assert vote.temperature < 1.0
    assert served.sum(axis=1) == pytest.approx(1.0)
    assert (served.argmax(axis=1) == without.argmax(axis=1)).all()
    before, after = (expected_calibration_error(each, split.labels) for each in (without, served))
    assert after < before / 2


def test_a_vote_for_the_annotators_gets_its_temperature_by_what_they_saw() -> None:
    predictions, split = drawn(2_000, seed=3)
    vote = at_its_temperature({"even": 1.0}, predictions, split, by_ferplus=True)
    assert vote.temperature > 2.0, "all that the member is sure of is wrong by them"


def test_a_member_that_only_harms_gets_no_weight() -> None:
    predictions = {"right": sure_of(LABELS, 0.6), "wrong": sure_of((LABELS + 1) % 7, 0.95)}
    assert choose_weights(predictions, LABELS) == {"right": 1.0}


def test_members_that_are_right_about_different_pictures_share_the_vote() -> None:
    half = np.arange(len(LABELS)) < 4
    wrong = (LABELS + 1) % 7
    predictions = {
        "first_half": np.where(half[:, None], sure_of(LABELS, 0.9), sure_of(wrong, 0.3)),
        "second_half": np.where(half[:, None], sure_of(wrong, 0.3), sure_of(LABELS, 0.9)),
    }
    weights = choose_weights(predictions, LABELS)
    assert set(weights) == {"first_half", "second_half"}
    assert (weighted_mean(predictions, weights).argmax(axis=1) == LABELS).all()


def test_weights_sum_to_one() -> None:
    random = np.random.default_rng(0)
    predictions = {name: random.dirichlet(np.ones(7), 8).astype(np.float32) for name in "abc"}
    assert sum(choose_weights(predictions, LABELS).values()) == pytest.approx(1.0)
    assert sum(equal_weights(["a", "b", "c"]).values()) == pytest.approx(1.0)


def knowing(known: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sure of the labels that are `known`, and without an opinion of all others."""
    return np.where(known[:, None], sure_of(labels, 0.9), np.float32(1 / 7))


def test_the_fast_votes_members_together_take_three_quarters_of_the_default_votes_time_at_most() -> None:
    labels = np.arange(60) % 6 + 1  # nobody is right by having no opinion, which names the first label
    predictions = {
        "slow": knowing(labels != 6, labels),
        "other": knowing(labels > 4, labels),
        "third": knowing(labels < 3, labels),
    }
    ms_per_crop = {"slow": 8.0, "other": 4.0, "third": 4.0}
    assert set(choose_weights(predictions, labels)) == {"slow", "other"}
    assert set(fast_weights(predictions, labels, ms_per_crop, {"slow", "other"})) == {"slow"}
    assert set(fast_weights(predictions, labels, ms_per_crop | {"slow": 13.0}, {"slow", "other"})) == {"other", "third"}


def test_where_nobody_is_fast_enough_there_is_no_fast_vote() -> None:
    predictions = {"only": sure_of(LABELS, 0.9)}
    assert fast_weights(predictions, LABELS, {"only": 1.0}, {"only"}) == {}


def test_votes_are_chosen_on_the_public_test_whatever_the_private_one_says(
    dataset_folder: Path, tmp_path: Path
) -> None:
    """Of two members one is right about the public test's labels, the other about the private test's."""
    folder = preferring(dataset_folder, tmp_path)
    ended = CliRunner().invoke(main, ["--data", str(folder), "--models", str(tmp_path)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert manifest.read_manifest(tmp_path)["votes"]["default"]["weights"] == {"baseline": 1.0}


def preferring(dataset_folder: Path, models: Path) -> Path:
    """Two members of random weights, and a data set whose public labels are what the first says of the public test and
    whose private labels are what the second says of the private one.
    """
    for name, split, seed in (("baseline", "public_test", 1), ("five_layer", "private_test", 2)):
        keras.utils.set_random_seed(seed)
        folder = export(name, 1, models, checkpoint_with_random_weights(name), 1.0)
        pictures = np.random.default_rng(seed).integers(0, 256, (28, 48, 48), dtype=np.uint8)
        said = LiteMember(folder / FLOAT_FILE).probabilities(pictures).argmax(axis=1)
        write_split(dataset_folder, split, pictures, said.astype(np.uint8))
    return dataset_folder
