"""A worker's heartbeat file tells whether it takes work."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from runtime.heartbeat import EVERY_S
from tests.integration.redis_server import redis_server
from tests.platform_process import ROOT
from tests.waiting import wait_until


def test_the_file_is_touched_while_redis_is_there_and_no_longer_when_it_is_gone(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"

    def age_s() -> float:
        return time.time() - heartbeat.stat().st_mtime

    with contextlib.ExitStack() as redis:
        url = redis.enter_context(redis_server())
        environment = {**os.environ, "THESPIS_REDIS_URL": url, "THESPIS_HEARTBEAT_PATH": str(heartbeat)}
        with subprocess.Popen([sys.executable, "-m", "detector_worker"], cwd=ROOT, env=environment) as worker:
            try:
                wait_until(heartbeat.exists)
                os.utime(heartbeat, (0, 0))
                wait_until(lambda: age_s() < EVERY_S)
                redis.close()
                wait_until(lambda: age_s() > 2 * EVERY_S)
                assert worker.poll() is None
            finally:
                worker.kill()
