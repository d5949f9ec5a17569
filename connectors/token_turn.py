"""One renewal at a time: among the threads of this process, and among processes by a file."""

import fcntl
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.error import SecretError
from connectors.error import RetryableError

PATIENCE_S = 90.0
"""A renewal takes two requests at most; whoever holds it longer hangs."""

_GLANCE_S = 0.05
_threads: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def turn(path: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Holds `path` alone; the kernel frees it when the process dies.

    `sleep` is called between glances at another process's lock and may raise. RetryableError
    when that process holds it for longer than a renewal takes.
    """
    lock = _threads[path.absolute()]
    if not lock.acquire(timeout=PATIENCE_S):
        raise _too_long()
    try:
        handle = _open(path)
        try:
            _lock(handle, sleep)
            yield
        finally:
            os.close(handle)
    finally:
        lock.release()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SecretError(
            f"{path} cannot be used: {error.strerror}.",
            did="The login was not renewed.",
            todo="Check its owner, its permissions and the free space of the disk.",
        ) from None


def _lock(handle: int, sleep: Callable[[float], None]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise _too_long() from None
            sleep(_GLANCE_S)
        else:
            return


def _too_long() -> RetryableError:
    return RetryableError(
        "Another Merilo process has been renewing the login for too long.",
        did="Nothing was asked; the next run tries again.",
        todo="If one hangs (merilo status beside `ps`), end it.",
    )
