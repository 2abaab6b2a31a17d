"""A traceback in the log has no local variables: a frame's bytes may be among them."""

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
