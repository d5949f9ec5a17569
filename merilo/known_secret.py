"""The secrets in use, so that none of them gets into a log."""

from collections.abc import Iterable

from config.error import SecretError
from config.secret import SecretStore, references
from config.secret_ref import SecretRef
from config.settings import Settings
from connectors.token import Tokens, read_tokens, secret_name


class KnownSecrets:
    """Every secret value that was ever in use, also those that were replaced since; of tokens,
    which are renewed every hour, the newest."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._tokens: frozenset[str] = frozenset()

    def __call__(self) -> Iterable[str]:
        return self._values | self._tokens

    def learn(self, settings: Settings, secrets: SecretStore) -> None:
        """Adds the values the settings name now."""
        found = {value_of(secrets, ref) for _, ref in references(settings)}
        self._values |= found - {""}
        found_tokens = [tokens_of(settings, secrets, source) for source in settings.sources]
        kept = [each for each in found_tokens if each is not None]
        self._tokens = frozenset(each for pair in kept for each in (pair.access, pair.refresh))


def enters_by_oauth(settings: Settings, source: str) -> bool:
    """Whether the source is one that `merilo login` logs in to."""
    return getattr(settings.sources[source], "auth", "") == "oauth"


def tokens_of(settings: Settings, secrets: SecretStore, source: str) -> Tokens | None:
    """The tokens of a source that is entered by OAuth; None while nobody has logged in."""
    if not enters_by_oauth(settings, source):
        return None
    try:
        return read_tokens(secrets.find(secret_name(source)))
    except SecretError:
        return None


def value_of(secrets: SecretStore, ref: SecretRef) -> str:
    """The secret's value, empty while it is missing."""
    try:
        return secrets.get(ref)
    except SecretError:
        return ""
