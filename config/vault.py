"""FileVault: a keyring backend for servers without a desktop, one encrypted file.

Each value is sealed together with its own name; a last seal over the whole text makes any change,
swap or loss of a record visible.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from config.error import SecretError
from config.private_file import locked, make_private_dir, read_private, replace_private
from config.seal import seal, unseal

VERSION = 1
_WHOLE = "the whole vault"


class FileVault(KeyringBackend):
    """Secrets in `path` under the 32-byte key that `master_key()` returns.

    `make_key()` is called under the lock before the first record is written. Every method
    raises SecretError when the file or the key cannot be used. It declares no priority, so
    keyring never picks it by chance.
    """

    def __init__(
        self,
        path: Path,
        master_key: Callable[[], bytes],
        make_key: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._master_key = master_key
        self._make_key = make_key

    def __str__(self) -> str:
        return f"the vault {self._path}"

    def get_password(self, service: str, username: str) -> str | None:
        """The value kept under `username`, None if there is none."""
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep `password` under `username`; on disk when this returns."""
        with self._changing() as values:
            values[f"{service}/{username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget what is kept under `username`."""
        with self._changing() as values:
            if values.pop(f"{service}/{username}", None) is None:
                raise PasswordDeleteError(username)

    def names(self, service: str) -> list[str]:
        """The names that have a value."""
        prefix = f"{service}/"
        return sorted(name.removeprefix(prefix) for name in self._read() if name.startswith(prefix))

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        make_private_dir(self._path.parent)
        with locked(self._path.with_name("vault.lock")):
            values = self._read()
            if not self._path.exists():
                self._make_key()
            yield values
            replace_private(self._path, _seal(values, self._master_key()))

    def _read(self) -> dict[str, str]:
        raw = read_private(self._path)
        if raw is None:
            return {}
        try:
            return _unseal(raw, self._master_key())
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise SecretError(
                f"The vault {self._path} is damaged: it was cut short or changed.",
                did="None of it was used.",
                todo="Restore it from a backup, or move it away and set the secrets again.",
            ) from None


def _seal(values: dict[str, str], key: bytes) -> bytes:
    def sealed(text: str, bound_to: str) -> str:
        return seal(text.encode(), key, bound_to.encode()).hex()

    records = {name: sealed(value, name) for name, value in values.items()}
    content = {"version": VERSION, "key": _fingerprint(key), "records": records}
    return _dump({**content, "seal": sealed("", _WHOLE + _dump(content).decode())})


def _unseal(raw: bytes, key: bytes) -> dict[str, str]:
    def opened(sealed: str, bound_to: str) -> str:
        data = bytes.fromhex(sealed)
        if data.hex() != sealed:
            raise ValueError
        return unseal(data, key, bound_to.encode()).decode()

    content = json.loads(raw)
    _check_header(content, key)
    if _dump(content) != raw:
        raise ValueError
    last = content.pop("seal")
    opened(last, _WHOLE + _dump(content).decode())
    return {name: opened(record, name) for name, record in content["records"].items()}


def _check_header(content: dict[str, Any], key: bytes) -> None:
    if content["version"] != VERSION:
        raise SecretError(
            f"The vault has format {content['version']}, this program knows {VERSION}.",
            did="None of it was used.",
            todo="Use the version of merilo that wrote it, or a newer one.",
        )
    if content["key"] != _fingerprint(key):
        raise SecretError(
            "The vault was locked with another master key.",
            did="None of it was used.",
            todo="Give the key it was made with ([secrets] master_key), or restore both from"
            " one backup.",
        )


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"merilo vault key check" + key).hexdigest()[:16]


def _dump(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
