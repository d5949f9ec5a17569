"""Gives memory that is free but still held by the C library back to the system."""

import ctypes
import gc
import sys


def give_back() -> None:
    """After a burst of work an idle service keeps tens of megabytes otherwise (glibc only)."""
    gc.collect()
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
