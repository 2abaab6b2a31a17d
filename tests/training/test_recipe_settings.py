from dataclasses import replace

import click
import pytest

from training.train import RECIPES, Configuration, with_settings


def test_settings_reach_the_recipe_and_its_augmentation_with_the_fields_types() -> None:
    chosen = ["learning_rate=0.05", "batch_size=64", "class_weights=true", "schedule=plateau", "evaluate_every=1"]
    varied = ["rotation_degrees=20", "mirror=False", "mixup=1e-1"]
    recipe = RECIPES["vgg"]
    assert with_settings(recipe, [*chosen, *varied]) == replace(
        recipe,
        learning_rate=0.05,
        batch_size=64,
        class_weights=True,
        schedule="plateau",
        evaluate_every=1,
        augmentation=replace(recipe.augmentation, rotation_degrees=20.0, mirror=False, mixup=0.1),
    )


def test_the_last_of_a_name_counts_and_none_changes_nothing() -> None:
    assert with_settings(RECIPES["vgg"], ["seed=3", "seed=4"]).seed == 4
    assert with_settings(RECIPES["vgg"], []) == RECIPES["vgg"]


@pytest.mark.parametrize("name", ["learning-rate", "architecture", "teachers", "auxiliary", "augmentation", ""])
def test_a_name_that_cannot_be_set_is_answered_with_those_that_can(name: str) -> None:
    with pytest.raises(
        click.BadParameter, match=r"is none of epochs, batch_size, .*learning_rate.*erasing, mixup, mirror"
    ):
        with_settings(RECIPES["vgg"], [f"{name}=1"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("learning_rate=fast", "learning_rate is a number from 0, not 'fast'"),
        ("learning_rate=nan", "learning_rate is a number from 0, not 'nan'"),
        ("zoom=inf", "zoom is a number from 0, not 'inf'"),
        ("weight_decay=-1", "weight_decay is a number from 0, not '-1'"),
        ("batch_size=6.4", "batch_size is a whole number from 0, not '6.4'"),
        ("mirror=1", "mirror is true or false, not '1'"),
        ("mirror", "'mirror' is not NAME=VALUE"),
    ],
)
def test_a_value_of_another_type_is_said_clearly(setting: str, told: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        with_settings(RECIPES["vgg"], [setting])
    assert refused.value.message == told
    assert "--set" in refused.value.format_message()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["schedule=steps"], "schedule is cosine or plateau, not 'steps'"),
        (["precision=float16"], "precision is float32 or mixed_bfloat16"),
        (["batch_size=0", "evaluate_every=0"], "batch_size, evaluate_every must be at least 1"),
        (["ferplus=2"], "ferplus must be from 0 to 1"),
        (["schedule=plateau", "evaluate_every=2"], "evaluate_every must be 1"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused(settings: list[str], told: str) -> None:
    with pytest.raises(click.ClickException, match=told):
        with_settings(Configuration("vgg"), settings)
