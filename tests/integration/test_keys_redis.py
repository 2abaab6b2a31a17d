"""The Redis whose keys `thespis keys` makes may just start, as after `docker compose up`."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.redis_server import redis_by
from tests.platform_process import ROOT
from thespis.data_folder import FolderTaken, jobs_redis_told, own_folder
from thespis.keys_redis import keys_redis
from thespis.plan import redis_command


@pytest.fixture
def slow_redis() -> Iterator[str]:
    """The URL of a Redis that starts only once somebody has come too early."""
    stack = ExitStack()
    early = socket.create_server(("127.0.0.1", 0))
    port = early.getsockname()[1]

    def start() -> None:
        with early:
            early.accept()[0].close()
        stack.enter_context(redis_by(redis_command(port), port))

    starting = threading.Thread(target=start)
    starting.start()
    yield f"redis://127.0.0.1:{port}/0"
    starting.join()
    stack.close()


def test_the_first_key_waits_for_a_redis_that_just_starts(slow_redis: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "thespis.command_line", "keys", "create", "first", "--once"],
        cwd=ROOT, env={**os.environ, "THESPIS_JOBS_REDIS_URL": slow_redis}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout.startswith("thespis_")) == (0, True), run.stderr


def test_a_platform_that_keeps_no_keys_is_told_from_one_that_just_starts(tmp_path: Path) -> None:
    with own_folder(tmp_path):
        with pytest.raises(FolderTaken, match="just starting"), keys_redis(tmp_path, {}):
            pass
        with (
            jobs_redis_told(tmp_path, ""),
            pytest.raises(FolderTaken, match="asks for no keys"),
            keys_redis(tmp_path, {}),
        ):
            pass
