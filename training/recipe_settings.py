"""`--set NAME=VALUE` of a command line as values of the types that a recipe's fields have."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import click

Value = bool | int | float | str

KINDS: dict[type, str] = {bool: "true or false", int: "a whole number from 0", float: "a number from 0", str: "a name"}


def plain_fields(recipe: type) -> dict[str, type]:
    """Name -> type of the dataclass's fields that one value can be given to: no lists, nothing nested."""
    return {field.name: field.type for field in fields(recipe) if isinstance(field.type, type) and field.type in KINDS}


def parse_settings(settings: Iterable[str], known: Mapping[str, type]) -> dict[str, Any]:
    """Name -> value of each `NAME=VALUE`, the last of a name counting; `known` is name -> type.

    Raises click.BadParameter for what is not NAME=VALUE, a name that is not known, or a value of another type.
    """
    values: dict[str, Any] = {}
    for text in settings:
        name, separator, value = text.partition("=")
        if not separator:
            raise _wrong(f"{text!r} is not NAME=VALUE")
        if name not in known:
            raise _wrong(f"{name!r} is none of {', '.join(known)}")
        values[name] = _parsed(name, value, known[name])
    return values


def _parsed(name: str, text: str, kind: type) -> Value:
    """The text as its kind; no number of a recipe is negative."""
    try:
        value: Value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise _wrong(f"{name} is {KINDS[kind]}, not {text!r}") from None
    if not isinstance(value, str) and not 0 <= value < math.inf:
        raise _wrong(f"{name} is {KINDS[kind]}, not {text!r}")
    return value


def _wrong(told: str) -> click.BadParameter:
    return click.BadParameter(told, param_hint="--set")
