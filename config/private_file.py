"""Files only their owner may read, replaced whole or not at all."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.error import SecretError


def make_private_dir(path: Path) -> None:
    """Create `path` (0700) where it is missing; SecretError if others may write into it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode
    except OSError as error:
        raise _unusable(path, error) from None
    if mode & 0o022:
        raise SecretError(
            f"Other users may write into {path}.",
            did="Nothing was read or written there.",
            todo=f"Run: chmod go-w {path}",
        )


def read_private(path: Path, *, shared: bool = False) -> bytes | None:
    """The content of `path`, None if there is no such file.

    SecretError if it cannot be read or, unless `shared`, other users can read it too.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SecretError(f"{path} is not a file.")
            if mode & 0o077 and not shared:
                raise SecretError(
                    f"Other users can read {path} (mode {mode & 0o777:04o}).",
                    did="It was not used.",
                    todo=f"Run: chmod 600 {path} - and change the secret if they may have.",
                )
            return file.read(1_000_000)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None


def replace_private(path: Path, data: bytes) -> None:
    """Write `data` (0600) so that a kill or a full disk leaves the old file or the new one.

    The caller holds `locked(...)`, so the name of the new file is nobody else's.
    """
    new = path.with_name(f".{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_dir(path.parent)
    except OSError as error:
        raise _unusable(path, error) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against other threads and processes."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "wb")
    except OSError as error:
        raise _unusable(path, error) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync_dir(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> SecretError:
    return SecretError(
        f"{path} cannot be used: {error.strerror}.",
        did="Nothing was changed.",
        todo="Check its owner, its permissions and the free space of the disk.",
    )
