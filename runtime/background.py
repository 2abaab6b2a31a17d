"""Lets a process run on time that nobody else wants."""

import os


def stand_back() -> None:
    """For this process and those that it starts: Linux's SCHED_IDLE, elsewhere the highest nice value.

    A waking live process takes the core from an idle-class one at once, and is placed on such a core as if it were
    free; with nice 19 it may have to wait for a slice.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)
