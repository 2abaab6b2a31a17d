"""What comes through of what is written past Python."""

import os

import pytest

from runtime.native_words import without_native_info


def test_only_lines_of_info_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with without_native_info():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: no room\nno INFO: here\n")
    os.write(2, b"INFO: afterwards\n")
    assert capfd.readouterr().err == "ERROR: no room\nno INFO: here\nINFO: afterwards\n"


def test_what_was_said_before_a_failure_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        os.write(2, b"ERROR: no room\n")
        raise RuntimeError

    with pytest.raises(RuntimeError), without_native_info():
        fail()
    assert capfd.readouterr().err == "ERROR: no room\n"
