"""Runs the page's pure modules under Node's own test runner, where Node is."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="Node is not installed; the browser tests cover the page")
def test_the_pure_modules_pass_under_node() -> None:
    assert NODE is not None
    tests = sorted(map(str, Path(__file__).parent.glob("*.test.mjs")))
    run = subprocess.run([NODE, "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
