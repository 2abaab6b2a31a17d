"""What users import brings its types."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("package", ["contracts", "thespis"])
def test_a_type_checker_believes_our_annotations(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "py.typed" in packaged[package]
