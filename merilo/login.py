"""Logins by OAuth: of one source for a command, of any for the calls that the page receives."""

import time
from collections import deque
from collections.abc import Callable, Mapping

import structlog

from config.error import ConfigError, MeriloError
from config.secret import SecretStore
from config.settings import Settings
from connectors.base import Login
from connectors.error import AuthError
from connectors.registry import load_connector
from merilo.health import three_parts
from merilo.wiring import App, client_options

CALLS_A_MINUTE = 6
"""More calls than that to the installation address are not looked at: each asks the vendor."""

_log = structlog.get_logger("merilo.web")


def login_of(settings: Settings, secrets: SecretStore, source: str) -> Login:
    """The login of a source; ConfigError when it is entered in another way."""
    own = settings.sources[source]
    make = load_connector(own.connector).login
    options = client_options(settings, secrets, source, sleep=time.sleep)
    login = make(own, options) if make is not None else None
    if login is None:
        raise ConfigError(
            f'The source {source} is not entered by OAuth (auth = "oauth").',
            did="Nobody was logged in.",
            todo="Its secret is set with `merilo secrets set`; see `merilo check`.",
        )
    return login


class Installer:
    """Takes the calls that vendors send to /install/SOURCE when an application is installed.

    Returns the HTTP status to answer with. `current` gives the settings in force; `seconds` is a
    clock that never goes back.
    """

    def __init__(
        self, current: Callable[[], App], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._current = current
        self._seconds = seconds
        self._calls: deque[float] = deque(maxlen=CALLS_A_MINUTE)

    def __call__(self, source: str, form: Mapping[str, str]) -> int:
        """Keeps the tokens the call brings if the vendor confirms them."""
        app = self._current()
        if source not in app.settings.sources:
            return 404
        if len(self._calls) == CALLS_A_MINUTE and self._seconds() - self._calls[0] < 60:
            return 429
        self._calls.append(self._seconds())
        try:
            login_of(app.settings, app.secrets, source).install(form)
        except ConfigError:
            return 404
        except MeriloError as error:
            _log.warning("web.install_refused", source=source, **three_parts(error))
            return 403 if isinstance(error, AuthError) else 503
        _log.info("web.installed", source=source)
        return 200
