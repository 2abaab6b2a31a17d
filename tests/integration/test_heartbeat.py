"""A worker's heartbeat file tells whether it takes work."""

import os
import subprocess
import sys
from pathlib import Path

from runtime.heartbeat import EVERY_S
from tests.integration.redis_server import redis_server
from tests.platform_process import ROOT
from tests.waiting import wait_until


def test_the_file_is_touched_while_redis_is_there_and_no_longer_when_it_is_gone(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"

    def touched_at() -> float:
        return heartbeat.stat().st_mtime if heartbeat.exists() else 0.0

    def touched_again() -> None:
        before = touched_at()
        wait_until(lambda: touched_at() > before)

    with redis_server() as url:
        environment = {**os.environ, "THESPIS_REDIS_URL": url, "THESPIS_HEARTBEAT_PATH": str(heartbeat)}
        worker = subprocess.Popen([sys.executable, "-m", "detector_worker"], cwd=ROOT, env=environment)
        try:
            touched_again()
            touched_again()
        except BaseException:
            worker.kill()
            raise
    try:
        last = touched_at()
        assert worker.poll() is None
        # Nothing can be waited for here but the time in which it would have been touched.
        with_redis_gone(worker, 2 * EVERY_S)
        assert touched_at() == last
    finally:
        worker.kill()
        worker.wait()


def with_redis_gone(worker: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError("the worker ended")
