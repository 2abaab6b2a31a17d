"""Keeps a member's memory from growing with each new version."""

import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_ONE_MEGABYTE: Final = 1 << 20


def return_weights_to_the_system() -> None:
    """Tells glibc to map every block of 1 MB or more by itself, so that freeing it gives the pages back.

    Left alone, glibc raises that limit when the first version's weights are freed, puts the next ones
    into its heap and can't shrink it: five_layer grew from 89 to 142 MB over twelve versions; with this
    it stays at 93 (mallopt(3)).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # another C library has none
        mallopt(_M_MMAP_THRESHOLD, _ONE_MEGABYTE)
