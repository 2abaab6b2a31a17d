"""Runs the page's pure modules under Node's own test runner."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Where the machine has none, set-up has put PyPI's beside our Python.
PATH = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])


def test_the_pure_modules_pass_under_node() -> None:
    node = shutil.which("node", path=PATH)
    assert node is not None, "run `make test`, which installs Node"
    tests = [str(path) for path in Path(__file__).parent.glob("*.test.mjs")]
    run = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
