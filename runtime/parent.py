"""Lets a process end with the one that started it, even when that one is killed with -9 (Linux)."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(expected_parent: int | None = None, with_signal: int = signal.SIGKILL) -> None:
    """Asks the kernel to send `with_signal` when our parent dies (prctl(2), PR_SET_PDEATHSIG).

    `expected_parent` closes the gap between fork and this call: a parent that is already gone ends us now.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, with_signal)
    if expected_parent is not None and os.getppid() != expected_parent:
        os.kill(os.getpid(), with_signal)
