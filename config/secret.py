"""Finds the values of the secrets that the settings name."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.error import SecretError
from config.keeper import (
    EnvironmentKeeper,
    FileKeeper,
    Keeper,
    SystemKeeper,
    VaultKeeper,
    find_system_keyring,
    vault_path,
)
from config.private_file import locked, make_private_dir, read_private
from config.secret_ref import SecretRef
from config.settings import SecretsSection, Section, Settings

PHONE_KEY = "phone-key"
_PLACEHOLDERS = {"", "change_me", "changeme", "change-me", "xxx", "todo", "secret", "password"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing `merilo secrets test` looked at; `advice` = why it is not ok, or weak."""

    what: str
    ok: bool
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """One secret: is it there, which settings need it, what to do if it is missing."""

    ref: SecretRef
    present: bool
    used_by: tuple[str, ...]
    advice: str = ""


class SecretStore:
    """Secrets by reference. Values appear only as the results of `get`."""

    def __init__(self, keeper: Keeper, data_dir: Path, environ: Mapping[str, str]) -> None:
        self._keeper = keeper
        self._data_dir = data_dir
        self._environ = environ

    def __repr__(self) -> str:
        return f"SecretStore({self.place})"

    @property
    def place(self) -> str:
        """Where `secret:NAME` is looked for, in words."""
        return self._keeper.place

    @property
    def writable(self) -> bool:
        """Whether values can be kept here at all, such as tokens that are renewed."""
        return self._keeper.writable

    def get(self, ref: SecretRef) -> str:
        """The value of `ref` without surrounding blanks; SecretError says how to provide it."""
        value = self._find(ref)
        if value is None or value.strip().lower() in _PLACEHOLDERS:
            state = "is missing" if value is None else "is empty or a placeholder"
            raise SecretError(f"The secret {ref} {state} in {self._where(ref)}.", todo=_advice(ref))
        return value.strip()

    def find(self, name: str) -> str | None:
        """What is kept as `secret:name`, None if nothing is; SecretError if the place fails."""
        return self._keeper.get(name)

    def set(self, name: str, value: str) -> None:
        """Keep `value` as `secret:name`; SecretError if the backend cannot or it is empty."""
        SecretRef.parse(f"secret:{name}")
        if value.strip().lower() in _PLACEHOLDERS:
            raise SecretError("The value is empty or a placeholder.", did="Nothing was written.")
        self._keeper.set(name, value.strip())

    def names(self) -> list[str]:
        """Names of the secrets that are kept."""
        return self._keeper.names()

    def test(self) -> list[Check]:
        """Whether the backend can be used and what is weak about it; writes nothing."""
        try:
            return [Check(what=self.place, ok=True, advice=self._keeper.test())]
        except SecretError as error:
            return [Check(what=self.place, ok=False, advice=str(error))]

    def create(self, name: str, value: str) -> str:
        """The secret `name`; `value` becomes it if there is none. Safe against a race."""
        found = self._keeper.get(name)
        if found is not None:
            return found
        make_private_dir(self._data_dir)
        with locked(self._data_dir / "secrets.lock"):
            found = self._keeper.get(name)
            if found is None:
                self._keeper.set(name, value)
        return found or value

    def _find(self, ref: SecretRef) -> str | None:
        if ref.kind == "env":
            return self._environ.get(ref.name)
        if ref.kind == "file":
            raw = read_private(Path(ref.name), shared=_is_mounted(ref.name))
            return None if raw is None else raw.decode("utf-8", "replace")
        return self._keeper.get(ref.name)

    def _where(self, ref: SecretRef) -> str:
        return self.place if ref.kind == "secret" else "its place"


def open_secrets(
    section: SecretsSection, data_dir: Path, environ: Mapping[str, str] = os.environ
) -> SecretStore:
    """The store that [secrets] names. `auto` = our vault if there is one already, else the
    keyring of the system if it answers, else our vault. Nothing is created before `set`.
    """
    return SecretStore(_keeper(section, data_dir, environ), data_dir, environ)


def phone_key(store: SecretStore) -> bytes:
    """The 32-byte key that telephone numbers are hashed with; made on first use.

    Losing it makes old and new hashes of one number differ.
    """
    return hashlib.sha256(store.create(PHONE_KEY, secrets.token_hex(32)).encode()).digest()


def references(settings: Settings) -> list[tuple[str, SecretRef]]:
    """The settings keys that refer to a secret, and what they refer to."""
    tables: dict[str, Section] = {
        f"sources.{name}": source for name, source in settings.sources.items()
    }
    return [
        found
        for table, section in {**tables, "web": settings.web}.items()
        for found in _references(table, section)
    ]


def _references(key: str, value: object) -> Iterator[tuple[str, SecretRef]]:
    if isinstance(value, SecretRef):
        yield key, value
    elif isinstance(value, Section | Mapping):
        parts = value.items() if isinstance(value, Mapping) else value
        for name, part in parts:
            yield from _references(f"{key}.{name}", part)


def list_states(settings: Settings, store: SecretStore) -> list[State]:
    """Every secret that is kept or referred to, by name."""
    users: dict[SecretRef, tuple[str, ...]] = {
        SecretRef("secret", name): () for name in store.names()
    }
    for key, ref in references(settings):
        users[ref] = (*users.get(ref, ()), key)
    return [_state(store, ref, users[ref]) for ref in sorted(users, key=str)]


def _state(store: SecretStore, ref: SecretRef, used_by: tuple[str, ...]) -> State:
    try:
        store.get(ref)
    except SecretError as error:
        return State(ref=ref, present=False, used_by=used_by, advice=str(error))
    return State(ref=ref, present=True, used_by=used_by)


def _keeper(section: SecretsSection, data_dir: Path, environ: Mapping[str, str]) -> Keeper:
    if section.backend == "env":
        return EnvironmentKeeper(environ)
    if section.backend == "file":
        return FileKeeper(data_dir)
    vault = VaultKeeper(section.master_key, data_dir, environ)
    if section.backend == "vault" or (section.backend == "auto" and vault_path(data_dir).exists()):
        return vault
    backend = find_system_keyring()
    if backend is not None:
        return SystemKeeper(backend)
    if section.backend == "auto":
        return vault
    raise SecretError(
        'This system has no keyring that answers ([secrets] backend = "os").',
        did="No secret was read or written.",
        todo='Log in to the desktop, or set backend = "vault".',
    )


def _is_mounted(path: str) -> bool:
    """Containers and systemd mount secrets readable to all inside the unit."""
    return path.startswith(("/run/", "/var/run/"))


def _advice(ref: SecretRef) -> str:
    if ref.kind == "secret":
        return f"Run: merilo secrets set {ref.name}"
    if ref.kind == "env":
        return f"Set the variable {ref.name} where the service is started."
    return f"Put the value into {ref.name} (mode 0600)."
