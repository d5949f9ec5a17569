"""Threads that ask a vendor for what a reader will want next."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def asking(threads: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Threads that ask; when the reader leaves, what was not begun never is."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
