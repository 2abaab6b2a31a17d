"""Search a recipe with Optuna over a short budget.

    python -m training.search five_layer --trials 20 --epochs 6 --precision mixed_bfloat16

varies learning rate, weight decay, label smoothing, erasing and mixup, and keeps what gives the averaged weights
the best accuracy on the public test; the private test is not looked at. The first trial is the recipe of
`training.train` itself, cut to the same few epochs. A trial that after an epoch is worse than the median of
those before it is pruned. The study stays in `runs/<architecture>-search/study.db`: the same command after a
kill goes on until `--trials` have ended, and runs the trial that was cut off again. One process a study.
The result goes into `models/experiments.json` under "search", each trial with its values and accuracies. At the end
stands the `training.train` command of the best trial, with its values as `--set`; without its `--epochs` it trains as
long as the recipe does.
"""

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import keras
import optuna
import tensorflow as tf
from optuna.trial import FrozenTrial, TrialState

from training import fer2013
from training.command_help import help_of
from training.experiments import Figures, record_experiment
from training.train import RECIPES, Configuration, Diverged, Trainer, targets
from training.zoo import FROM_SCRATCH

Values = dict[str, float]
Train = Callable[[Configuration, Callable[[int, float], None]], float]

STARTUP_TRIALS = 4  # at random, before the sampler goes by what it has seen; Optuna's 10 are half of a short budget
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def suggested(trial: optuna.Trial) -> Values:
    """What a trial tries."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.005, 0.4, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 2e-5, 2e-3, log=True),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "erasing": trial.suggest_float("erasing", 0.0, 0.5),
        "mixup": trial.suggest_float("mixup", 0.0, 0.4, step=0.2),
    }


def varied(recipe: Configuration, values: Values) -> Configuration:
    """The recipe with a trial's values; FER+'s annotators have no share."""
    return replace(
        recipe,
        learning_rate=values["learning_rate"],
        weight_decay=values["weight_decay"],
        label_smoothing=values["label_smoothing"],
        ferplus=0.0,
        augmentation=replace(recipe.augmentation, erasing=values["erasing"], mixup=values["mixup"]),
    )


def values_of(recipe: Configuration) -> Values:
    """A recipe's own values, as a trial."""
    own = {name: getattr(recipe, name) for name in ("learning_rate", "weight_decay", "label_smoothing")}
    return own | {"erasing": recipe.augmentation.erasing, "mixup": recipe.augmentation.mixup}


def command_of(recipe: Configuration, values: Values, data: Path) -> str:
    """What trains a trial's configuration once more, by itself and with a checkpoint."""
    chosen = [f"--set {name}={value}" for name, value in values.items()]
    return " ".join(
        [
            f"python -m training.train {recipe.architecture} --data {shlex.quote(str(data))}",
            f"--name {recipe.architecture}-best --epochs {recipe.epochs}",
            f"--precision {recipe.precision} --seed {recipe.seed}",
            *chosen,
        ]
    )


def trainer_on(dataset: fer2013.Fer2013) -> Train:
    """Trains a configuration, tells each epoch's public accuracy of the averaged weights, returns the last."""
    pictures, labels = dataset.train.pictures[..., None], targets(dataset.train, 0.0)

    def public_accuracy(configuration: Configuration, tell: Callable[[int, float], None]) -> float:
        keras.backend.clear_session()  # or every trial's graphs stay
        trainer, accuracy = Trainer(configuration), 0.0
        for epoch in range(configuration.epochs):
            trainer.train_epoch(epoch, pictures, labels)
            _, accuracy = trainer.evaluate(dataset.public_test)
            tell(epoch + 1, accuracy)
        return accuracy

    return public_accuracy


def open_study(folder: Path, recipe: Configuration) -> optuna.Study:
    """The folder's study, ready to go on: what a kill cut off waits to be run again."""
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=recipe.architecture,
        storage=f"sqlite:///{folder.resolve()}/study.db",
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=recipe.epochs // 4),
    )
    # Another seed after every resumption: the same one would draw the same values again.
    study.sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=recipe.seed + len(study.trials))
    budget = {"epochs": recipe.epochs, "precision": recipe.precision, "seed": recipe.seed}
    held = study.user_attrs.get("budget", budget)
    if held != budget:
        raise click.ClickException(f"{folder} holds a study with {held}; give --name or remove it")
    study.set_user_attr("budget", budget)
    waiting = [] if values_of(recipe) in tried(study) else [values_of(recipe)]
    for cut_off in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(cut_off.number, state=TrialState.FAIL)
        if len(cut_off.params) == len(values_of(recipe)) and cut_off.params not in waiting:
            waiting.append(cut_off.params)
    for values in waiting:
        study.enqueue_trial(values)
    return study


def tried(study: optuna.Study) -> list[Values]:
    """The values of the trials that have ended."""
    return [trial.params for trial in study.get_trials(states=ENDED)]


def search(study: optuna.Study, recipe: Configuration, trials: int, train: Train) -> Figures:
    """Run trials until so many have ended; what came out of it."""

    def objective(trial: optuna.Trial) -> float:
        def tell(epoch: int, accuracy: float) -> None:
            trial.report(accuracy, epoch)
            if epoch < recipe.epochs and trial.should_prune():
                raise optuna.TrialPruned

        try:
            return train(varied(recipe, suggested(trial)), tell)
        except Diverged:
            return 0.0  # nothing is right of what it says

    study.optimize(objective, n_trials=max(trials - len(tried(study)), 0))
    own = next(trial for trial in study.get_trials(states=ENDED) if trial.params == values_of(recipe))
    return {
        "architecture": recipe.architecture,
        **study.user_attrs["budget"],
        "trials": len(tried(study)),
        "pruned": len(study.get_trials(states=(TrialState.PRUNED,))),
        "recipe": _told(own),
        "best": _told(study.best_trial),
        "study": [
            {"values": trial.params, "public_test_accuracies": list(trial.intermediate_values.values())}
            for trial in study.get_trials(states=ENDED)
        ],
    }


def _told(trial: FrozenTrial) -> Figures:
    return {"values": trial.params, "public_test_accuracy": trial.value}


@click.command(help=help_of(__doc__))
@click.argument("architecture", type=click.Choice(list(FROM_SCRATCH)))
@click.option("--trials", type=click.IntRange(min=1), default=20, show_default=True, help="that the study shall have")
@click.option("--epochs", type=click.IntRange(min=1), default=6, show_default=True, help="of each trial")
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("../shared/data/fer2013"))
@click.option("--models", type=click.Path(path_type=Path, exists=True), default=Path("models"), show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--name", help="the study's folder; by default the architecture and -search")
@click.option("--precision", type=click.Choice(["float32", "mixed_bfloat16"]), default="float32", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--threads", type=int, default=2, show_default=True, help="of one operation")
def main(
    architecture: str,
    trials: int,
    epochs: int,
    data: Path,
    models: Path,
    runs: Path,
    name: str | None,
    precision: str,
    seed: int,
    threads: int,
) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    recipe = replace(RECIPES[architecture], epochs=epochs, precision=precision, seed=seed)
    dataset = fer2013.load(data)
    study = open_study(runs / (name or f"{architecture}-search"), recipe)
    found = search(study, recipe, trials, trainer_on(dataset))
    record_experiment(models, "search", found)
    for which in ("recipe", "best"):
        click.echo(f"{which}: {found[which]['public_test_accuracy']:.2%} of the public test, {found[which]['values']}")
    click.echo(f"to train the best: {command_of(recipe, found['best']['values'], data)}")


if __name__ == "__main__":
    main()
