"""What a process asks the kernel for: to end with the one that started it, and to leave no picture of itself."""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(expected_parent: int | None = None, with_signal: int = signal.SIGKILL) -> None:
    """Asks the kernel to send `with_signal` when our parent dies, even by -9 (Linux: prctl(2),
    PR_SET_PDEATHSIG).

    `expected_parent` closes the gap between fork and this call: a parent that is already gone ends us now.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, with_signal)
    if expected_parent is not None and os.getppid() != expected_parent:
        os.kill(os.getpid(), with_signal)


def leave_no_core() -> None:
    """A process that falls would otherwise be written to a disk, with the frames that it holds. A limit of 0 means
    nothing to a kernel that hands dumps to a program (core(5)); one byte is refused there as well.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 0 if most == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
