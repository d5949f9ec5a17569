"""Connectors are found by the names of their folders; there is no list to keep."""

import pkgutil
from importlib import import_module

import connectors
from config.error import ConfigError
from config.value import nearest
from connectors.base import Connector


def connector_names() -> tuple[str, ...]:
    """The folders beside this module, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(connectors.__path__) if m.ispkg))


def load_connector(name: str) -> Connector:
    """The `CONNECTOR` of a folder; ConfigError when there is no such folder."""
    names = connector_names()
    if name not in names:
        raise ConfigError(
            f"There is no connector {name!r}{nearest(name, names)}.",
        )
    found: Connector = import_module(f"connectors.{name}").CONNECTOR
    return found
