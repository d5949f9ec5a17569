"""The places that can keep secrets: keyring of the system, our vault, environment, files."""

import importlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from config.error import SecretError
from config.master_key import load_master_key, make_master_key
from config.private_file import locked, make_private_dir, read_private, replace_private

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from config.vault import FileVault

SERVICE = "merilo"

# Only these: keyring would otherwise take a plaintext or a null backend that is installed.
_SYSTEM = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
    "keyring.backends.macOS.Keyring",
    "keyring.backends.Windows.WinVaultKeyring",
)


class Keeper(Protocol):
    """A place that keeps secrets by name; every method may raise SecretError."""

    place: str
    writable: bool

    def get(self, name: str) -> str | None:
        """The value, None if there is none."""

    def set(self, name: str, value: str) -> None:
        """Keep a value durably."""

    def names(self) -> list[str]:
        """The names that have a value."""

    def test(self) -> str:
        """What is weak about the place and what to do; empty if nothing is."""


class SystemKeeper:
    """The keyring of the desktop or of the operating system."""

    writable = True
    _INDEX = ".names"  # keyrings cannot list what they hold

    def __init__(self, backend: "KeyringBackend") -> None:
        self.place = f"the keyring of this system ({type(backend).__module__.split('.')[-1]})"
        self._backend = backend

    def get(self, name: str) -> str | None:
        """The value, None if there is none."""
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(SERVICE, name)
        except KeyringError as error:
            raise self._refused(error) from None

    def set(self, name: str, value: str) -> None:
        """Keep a value, and its name in the index."""
        from keyring.errors import KeyringError

        names = sorted({*self.names(), name})
        try:
            self._backend.set_password(SERVICE, name, value)
            self._backend.set_password(SERVICE, self._INDEX, json.dumps(names))
        except KeyringError as error:
            raise self._refused(error) from None

    def names(self) -> list[str]:
        """The names set by us."""
        return list(json.loads(self.get(self._INDEX) or "[]"))

    def test(self) -> str:
        """Nothing beyond being readable."""
        self.names()
        return ""

    def _refused(self, error: Exception) -> SecretError:
        return SecretError(
            f"{self.place} refused: {type(error).__name__}.",
            did="No secret was read or written.",
            todo='Unlock it, or set [secrets] backend = "vault".',
        )


class VaultKeeper:
    """Our encrypted file in the data directory."""

    writable = True

    def __init__(self, master_key: str, data_dir: Path, environ: Mapping[str, str]) -> None:
        self._path = vault_path(data_dir)
        self.place = f"the vault {self._path}"
        self._source = (master_key, data_dir, environ)

    def get(self, name: str) -> str | None:
        """The value, None if there is none or no vault yet."""
        return self._vault().get_password(SERVICE, name) if self._path.exists() else None

    def set(self, name: str, value: str) -> None:
        """Keep a value; the first one makes the vault."""
        self._vault().set_password(SERVICE, name, value)

    def names(self) -> list[str]:
        """The names in the vault."""
        return self._vault().names(SERVICE) if self._path.exists() else []

    def test(self) -> str:
        """The key must open the vault, and should not lie beside it."""
        self.names()
        source, data_dir, environ = self._source
        if source == "generated":
            return 'The key lies beside the vault: master_key = "credential" is stronger.'
        load_master_key(source, data_dir, environ)
        return ""

    def _vault(self) -> "FileVault":
        from config.vault import FileVault

        source, data_dir, environ = self._source
        return FileVault(
            self._path,
            lambda: load_master_key(source, data_dir, environ),
            lambda: make_master_key(source, data_dir),
        )


class EnvironmentKeeper:
    """Variables MERILO_SECRET_NAME; others set them."""

    place = "the environment"
    writable = False

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, name: str) -> str | None:
        """The variable of `name`."""
        return self._environ.get(variable(name))

    def set(self, name: str, value: str) -> None:
        """Always refused: a program cannot set its own environment for the next start."""
        raise SecretError(
            'Secrets are read from the environment ([secrets] backend = "env").',
            did="Nothing was written.",
            todo=f"Set the variable {variable(name)} where the service is started.",
        )

    def names(self) -> list[str]:
        """The names of the variables, in lower case."""
        prefix = variable("")
        return sorted(
            key.removeprefix(prefix).lower().replace("_", "-")
            for key in self._environ
            if key.startswith(prefix)
        )

    def test(self) -> str:
        """Nothing beyond being readable."""
        self.names()
        return ""


class FileKeeper:
    """One file (0600) for each secret in data_dir/secrets."""

    writable = True

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir / "secrets"
        self.place = f"the directory {self._dir}"

    def get(self, name: str) -> str | None:
        """The content of the file `name`."""
        raw = read_private(self._dir / name)
        return None if raw is None else raw.decode("utf-8", "replace")

    def set(self, name: str, value: str) -> None:
        """Write the file `name`."""
        make_private_dir(self._dir.parent)
        make_private_dir(self._dir)
        with locked(self._dir / ".lock"):
            replace_private(self._dir / name, value.encode())

    def names(self) -> list[str]:
        """The files there are."""
        files = os.listdir(self._dir) if self._dir.is_dir() else []
        return sorted(name for name in files if not name.startswith("."))

    def test(self) -> str:
        """Nothing beyond being readable."""
        self.names()
        return ""


def vault_path(data_dir: Path) -> Path:
    """Where the vault of a data directory lies."""
    return data_dir / "vault.json"


def variable(name: str) -> str:
    """The environment variable that holds the secret `name` for backend = "env"."""
    return "MERILO_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def find_system_keyring() -> "KeyringBackend | None":
    """The best keyring of this operating system that answers, None on a plain server."""
    from keyring.errors import KeyringError

    for backend in _viable_backends():
        try:
            backend.get_password(SERVICE, SystemKeeper._INDEX)
        except (KeyringError, RuntimeError, OSError):
            continue
        return backend
    return None


def _viable_backends() -> list["KeyringBackend"]:
    found = []
    for name in _SYSTEM:
        module, _, kind = name.rpartition(".")
        try:
            backend = getattr(importlib.import_module(module), kind)
        except (ImportError, AttributeError):
            continue
        if backend.viable:
            found.append(backend())
    return sorted(found, key=lambda backend: -backend.priority)
