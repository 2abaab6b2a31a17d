"""One platform in containers for all tests of this folder. `make compose-test` runs them; they need Docker's engine."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.containers import Stack
from tests.integration.job_client import JobClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/compose" in str(item.path):
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # A folder of its own: pytest removes the folders of older runs, and this one is long.
    with tempfile.TemporaryDirectory(prefix="thespis-compose-") as folder:
        stack = Stack(Path(folder), "thespis-compose-test")
        stack.compose("build")
        try:
            stack.up()
            yield stack
        finally:
            stack.down("--volumes", "--timeout", "5")


@pytest.fixture
def jobs(stack: Stack) -> JobClient:
    return JobClient(stack, stack.tls, stack.key)
