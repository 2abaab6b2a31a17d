"""One platform in containers for all tests of this folder. `make compose-test` runs them; they need Docker's engine."""

from collections.abc import Iterator

import pytest

from tests.compose.stack import Stack
from tests.integration.job_client import JobClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/compose" in str(item.path):
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("compose"))
    stack.compose("build")
    try:
        stack.up()
        yield stack
    finally:
        with stack.log.open("a") as log:
            log.write(stack.compose("logs", "--no-color"))
        stack.down("--volumes", "--timeout", "5")


@pytest.fixture
def jobs(stack: Stack) -> JobClient:
    return JobClient(stack, stack.tls)  # type: ignore[arg-type]
