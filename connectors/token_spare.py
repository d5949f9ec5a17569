"""Room on disk for a pair of tokens, taken before they are asked for, written before the vault."""

import os
from pathlib import Path

from config.private_file import read_private, replace_private
from config.seal import derive_key, seal, unseal
from connectors.token import Tokens, read_tokens, write_tokens

_SIZE = 16 * 1024
"""Bytes; the tokens of one vendor are JWTs of two thousand characters."""


class Spare:
    """A file that holds one sealed pair. `seal` is the secret its key is made of."""

    def __init__(self, path: Path, seal: str) -> None:
        self._path = path
        self._seal = seal

    def prepare(self) -> None:
        """Takes the room, unless a pair lies there already; SecretError when the disk is full."""
        if self.read() is None:
            replace_private(self._path, bytes(_SIZE))

    def write(self, tokens: Tokens) -> bool:
        """Seals the pair into the room taken before; False if even that cannot be written."""
        sealed = seal(write_tokens(tokens).encode(), self._key())
        body = len(sealed).to_bytes(4, "big") + sealed
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                os.pwrite(handle, body, 0)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError:
            return False
        return True

    def read(self) -> Tokens | None:
        """The pair that lies here; None if there is none, or it was sealed by another secret."""
        raw = read_private(self._path)
        size = int.from_bytes((raw or b"")[:4], "big")
        if not raw or not size:
            return None
        try:
            text = unseal(raw[4 : 4 + size], self._key())
        except ValueError:
            return None
        return read_tokens(text.decode())

    def remove(self) -> None:
        """Forgets the pair: it is kept in its proper place."""
        self._path.unlink(missing_ok=True)

    def _key(self) -> bytes:
        return derive_key(self._seal.encode(), b"merilo spare")
