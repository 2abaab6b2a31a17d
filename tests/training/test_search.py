import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import optuna
import pytest
import tensorflow as tf
from click.testing import CliRunner
from optuna.trial import TrialState

from training import card_experiments, fer2013, train
from training.search import command_of, open_study, search, suggested, trainer_on, tried, values_of, varied
from training.train import RECIPES, Configuration, Diverged

RECIPE = replace(RECIPES["five_layer"], epochs=3)


def best_near_a_rate_of_a_tenth(configuration: Configuration, tell: Callable[[int, float], None]) -> float:
    """Stands for training: the same accuracy after every epoch."""
    accuracy = 0.6 - abs(configuration.learning_rate - 0.1) - configuration.weight_decay
    for epoch in range(configuration.epochs):
        tell(epoch + 1, accuracy)
    return accuracy


def test_a_search_starts_with_the_recipe_and_finds_nothing_worse(tmp_path: Path) -> None:
    found = search(open_study(tmp_path, RECIPE), RECIPE, 12, best_near_a_rate_of_a_tenth)
    assert (found["architecture"], found["epochs"], found["trials"]) == ("five_layer", 3, 12)
    assert found["recipe"]["values"] == values_of(RECIPE)
    assert found["recipe"]["public_test_accuracy"] == pytest.approx(0.6 - RECIPE.weight_decay)
    assert found["best"]["public_test_accuracy"] >= found["recipe"]["public_test_accuracy"]
    assert set(found["best"]["values"]) == {"learning_rate", "weight_decay", "label_smoothing", "erasing", "mixup"}
    assert found["study"][0]["values"] == values_of(RECIPE)
    assert len(found["study"]) == 12
    assert (
        max(trial["public_test_accuracies"][-1] for trial in found["study"]) == (found["best"]["public_test_accuracy"])
    )


def test_trials_worse_than_the_median_are_pruned_before_their_last_epoch(tmp_path: Path) -> None:
    epochs_seen = []

    def counted(configuration: Configuration, tell: Callable[[int, float], None]) -> float:
        epochs_seen.append(0)

        def counting(epoch: int, accuracy: float) -> None:
            epochs_seen[-1] = epoch
            tell(epoch, accuracy)

        return best_near_a_rate_of_a_tenth(configuration, counting)

    found = search(open_study(tmp_path, RECIPE), RECIPE, 12, counted)
    assert found["pruned"] == sum(epochs < RECIPE.epochs for epochs in epochs_seen) > 0


def test_a_killed_search_runs_the_cut_off_trial_again_and_ends_with_as_many(tmp_path: Path) -> None:
    search(open_study(tmp_path, RECIPE), RECIPE, 2, best_near_a_rate_of_a_tenth)
    killed = open_study(tmp_path, RECIPE)
    trial = killed.ask()  # as a kill leaves it: started, its values drawn, not ended
    cut_off = suggested(trial)

    resumed = open_study(tmp_path, RECIPE)
    found = search(resumed, RECIPE, 4, best_near_a_rate_of_a_tenth)
    assert found["trials"] == 4
    assert cut_off in tried(resumed)
    assert len({tuple(values.items()) for values in tried(resumed)}) == 4
    assert len(resumed.get_trials(states=(TrialState.RUNNING,))) == 0


def test_a_trial_that_diverges_is_the_worst_and_ends_no_search(tmp_path: Path) -> None:
    def train(configuration: Configuration, tell: Callable[[int, float], None]) -> float:
        if configuration.learning_rate != RECIPE.learning_rate:
            raise Diverged(0)
        return 0.4

    found = search(open_study(tmp_path, RECIPE), RECIPE, 4, train)
    assert (found["trials"], found["best"]["values"]) == (4, values_of(RECIPE))


def test_a_search_killed_in_its_first_trial_still_measures_the_recipe(tmp_path: Path) -> None:
    open_study(tmp_path, RECIPE).ask()
    found = search(open_study(tmp_path, RECIPE), RECIPE, 1, best_near_a_rate_of_a_tenth)
    assert found["recipe"]["values"] == found["best"]["values"] == values_of(RECIPE)


def test_a_finished_search_is_told_again_without_another_trial(tmp_path: Path) -> None:
    first = search(open_study(tmp_path, RECIPE), RECIPE, 3, best_near_a_rate_of_a_tenth)
    again = search(open_study(tmp_path, RECIPE), RECIPE, 3, best_near_a_rate_of_a_tenth)
    assert again == first


def test_a_study_of_another_budget_is_not_gone_on_with(tmp_path: Path) -> None:
    open_study(tmp_path, RECIPE)
    with pytest.raises(click.ClickException, match="holds a study with"):
        open_study(tmp_path, replace(RECIPE, epochs=9))


def test_a_trials_values_change_the_recipe_and_nothing_else() -> None:
    values = {"learning_rate": 0.3, "weight_decay": 1e-4, "label_smoothing": 0.0, "erasing": 0.4, "mixup": 0.2}
    changed = varied(replace(RECIPE, ferplus=0.5), values)
    assert values_of(changed) == values
    assert varied(changed, values_of(RECIPE)) == RECIPE


def test_the_best_trials_command_trains_its_very_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"learning_rate": 0.1 / 3, "weight_decay": 2e-5, "label_smoothing": 0.0, "erasing": 0.4, "mixup": 0.2}
    trained: list[tuple[Configuration, Path, str]] = []
    for of_what in ("intra", "inter"):  # TensorFlow, which runs already, would refuse
        monkeypatch.setattr(tf.config.threading, f"set_{of_what}_op_parallelism_threads", lambda threads: None)
    monkeypatch.setattr(
        train, "run", lambda configuration, data, folder: trained.append((configuration, data, folder.name))
    )
    data = tmp_path / "a folder"
    data.mkdir()
    python, module_flag, module, *arguments = shlex.split(command_of(RECIPE, values, data))
    assert (python, module_flag, module) == ("python", "-m", "training.train")
    CliRunner().invoke(train.main, arguments, catch_exceptions=False)
    assert trained == [(varied(RECIPE, values), data, "five_layer-best")]


def test_a_trial_trains_and_tells_the_public_accuracy_of_every_epoch(dataset_folder: Path) -> None:
    told: list[tuple[int, float]] = []
    tiny = Configuration("baseline", epochs=2, batch_size=32, learning_rate=0.01)
    train = trainer_on(fer2013.load(dataset_folder))
    accuracy = train(tiny, lambda epoch, accuracy: told.append((epoch, accuracy)))
    assert [epoch for epoch, _ in told] == [1, 2]
    assert told[-1][1] == accuracy
    assert 0.0 <= accuracy <= 1.0


def test_the_card_shows_the_recipe_beside_the_best_trial(tmp_path: Path) -> None:
    found = search(open_study(tmp_path, RECIPE), RECIPE, 3, best_near_a_rate_of_a_tenth)
    told = card_experiments.what_was_tried({"search": found})
    assert "3 trials of 3 epochs of `five_layer`" in told
    assert "label smoothing" in told
    assert "59.98%" in told


@pytest.fixture(autouse=True)
def quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
