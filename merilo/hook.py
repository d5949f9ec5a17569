"""Webhooks of vendors: hints that something changed. What changed is asked for, never believed."""

import hmac
from collections.abc import Callable

from config.error import MeriloError
from merilo.wiring import App


class Listener:
    """Takes the calls to /hook/SOURCE/SECRET. `current` gives the settings in force, `wake` makes
    a source due."""

    def __init__(self, current: Callable[[], App], wake: Callable[[str], object]) -> None:
        self._current = current
        self._wake = wake

    def __call__(self, source: str, secret: str) -> bool:
        """Whether the source is there and its address ends so; the comparison tells nothing in
        time."""
        app = self._current()
        own = app.settings.sources.get(source)
        if own is None or own.hook is None:
            return False
        try:
            known = app.secrets.get(own.hook)
        except MeriloError:
            return False
        if not known or not hmac.compare_digest(known.encode(), secret.encode()):
            return False
        self._wake(source)
        return True
