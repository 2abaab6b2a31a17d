"""`--help` of the training commands."""

import importlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from training import command_help

COMMANDS = sorted(
    path.stem
    for path in Path(command_help.__file__).parent.glob("*.py")
    if "@click.command" in path.read_text() and "def main" in path.read_text()
)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_example_has_a_line_of_its_own(name: str) -> None:
    module = importlib.import_module(f"training.{name}")
    examples = [line for line in (module.__doc__ or "").splitlines() if line.startswith("    python -m training.")]
    assert examples
    shown = CliRunner().invoke(module.main, ["--help"], terminal_width=200).output.splitlines()
    assert [line for line in examples if line.strip() not in {each.strip() for each in shown}] == []
