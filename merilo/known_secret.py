"""The secrets in use, so that none of them gets into a log."""

from collections.abc import Iterable

from config.error import SecretError
from config.secret import SecretStore, references
from config.secret_ref import SecretRef
from config.settings import Settings


class KnownSecrets:
    """Every secret value that was ever in use, also those that were replaced since."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()

    def __call__(self) -> Iterable[str]:
        return self._values

    def learn(self, settings: Settings, secrets: SecretStore) -> None:
        """Adds the values the settings name now."""
        found = {value_of(secrets, ref) for _, ref in references(settings)}
        self._values |= found - {""}


def value_of(secrets: SecretStore, ref: SecretRef) -> str:
    """The secret's value, empty while it is missing."""
    try:
        return secrets.get(ref)
    except SecretError:
        return ""
