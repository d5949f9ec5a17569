"""Where the key of the vault comes from."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from config.error import SecretError
from config.private_file import read_private, replace_private

CREDENTIAL = "merilo-master-key"
SHORTEST = 32  # characters
MAKE = "openssl rand -base64 32"


def load_master_key(source: str, data_dir: Path, environ: Mapping[str, str]) -> bytes:
    """The 32-byte key that `source` ([secrets] master_key) leads to; SecretError if none does."""
    text = _text(source, data_dir, environ)
    if text is None:
        raise SecretError(
            f'The master key of the vault is missing (master_key = "{source}").',
            did="No secret was read or written.",
            todo=_advice(source, data_dir),
        )
    material = text.strip()
    if len(material) < SHORTEST:
        raise SecretError(
            f"The master key of the vault is shorter than {SHORTEST} characters.",
            did="It was not used.",
            todo=f"Make one with: {MAKE}",
        )
    from config.seal import derive_key

    return derive_key(material, b"merilo vault")


def make_master_key(source: str, data_dir: Path) -> None:
    """Write a new key for a vault yet to be made, if `source` says it is ours to generate.

    The caller holds the lock of the vault. An existing key is left alone.
    """
    path = _generated(data_dir)
    if source == "generated" and read_private(path) is None:
        replace_private(path, secrets.token_urlsafe(32).encode() + b"\n")


def _generated(data_dir: Path) -> Path:
    return data_dir / "master.key"


def _text(source: str, data_dir: Path, environ: Mapping[str, str]) -> bytes | None:
    if source.startswith("env:"):
        text = environ.get(source.removeprefix("env:"))
        return None if text is None else text.encode()
    path = _path(source, data_dir, environ)
    # systemd keeps credentials in a directory that only the unit can enter
    return None if path is None else read_private(path, shared=source == "credential")


def _path(source: str, data_dir: Path, environ: Mapping[str, str]) -> Path | None:
    if source == "credential":
        directory = environ.get("CREDENTIALS_DIRECTORY")
        return Path(directory, CREDENTIAL) if directory else None
    if source == "generated":
        return _generated(data_dir)
    return Path(source.removeprefix("file:"))


def _advice(source: str, data_dir: Path) -> str:
    if source == "credential":
        return (
            f"Give the unit LoadCredential={CREDENTIAL}:/etc/merilo/master.key (made with `{MAKE}`;"
            ' for commands by hand set [secrets] master_key = "file:/etc/merilo/master.key"),'
            ' or set master_key = "generated".'
        )
    if source == "generated":
        return f"Restore {_generated(data_dir)} from a backup: without it the vault stays closed."
    place = "the variable" if source.startswith("env:") else "the file (mode 0600)"
    return f"Make {place}, for example with: {MAKE}"
