"""What every line of a log has, and what none may have: a frame's bytes may be among a traceback's local variables."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from runtime.logs import configure_logs
configure_logs("test", "info", "{log_format}")
def fall():
    jpeg = b"SECRET" + b"PIXELS"
    raise ValueError("fell")
try:
    fall()
except ValueError:
    structlog.get_logger("thespis.test").exception("it_fell", frame_id=7)
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_is_logged_without_the_bytes_it_met(log_format: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(log_format=log_format)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it_fell" in run.stderr
    assert "fall" in run.stderr
    assert "SECRETPIXELS" not in run.stderr
    assert run.stdout == ""


THREADS = """
import logging, threading
import structlog
from runtime.logs import configure_logs
configure_logs("test", "info", "json")
ours, theirs = structlog.get_logger("thespis.test"), logging.getLogger("theirs")
for log in (ours.info, theirs.warning):
    log("said")
    thread = threading.Thread(target=log, args=("said",))
    thread.start()
    thread.join()
"""


def test_every_line_names_its_service_whichever_thread_said_it() -> None:
    run = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert [json.loads(line)["service"] for line in run.stderr.splitlines()] == ["test"] * 4
