"""Puts the rooms together: settings, secrets, store, connectors and catalogue, for one command."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from config.load import load_settings
from config.secret import SecretStore, open_secrets, phone_key
from config.settings import MeetingRules, Settings, SourceSettings
from connectors.base import ClientOptions, Connector, Context, PhoneMark, feeds_of
from connectors.error import StoppedError
from connectors.phone import phone_marker
from connectors.registry import connector_names, load_connector
from connectors.text_mark import text_marker
from kpi.catalog import Catalog, load_catalog
from kpi.coverage import Vantage
from merilo.context import Context as CommandContext
from merilo.known_secret import KnownSecrets
from merilo.log import configure_logging
from store.store import Store, open_store
from sync.source import Source


def now() -> datetime:
    """The clock of the program: aware, UTC."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class App:
    """Everything a command may need. `clock` gives aware UTC moments; `stopping` ends all waits."""

    settings: Settings
    secrets: SecretStore
    store: Store
    clock: Callable[[], datetime] = now
    stopping: threading.Event = field(default_factory=threading.Event)
    _clients: dict[str, Any] = field(default_factory=dict)
    _connecting: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def catalog(self) -> Catalog:
        """All metrics: the core ones and the user's own."""
        places = self.settings.destinations
        wanted = {name for each in places for name in (*each.metrics, *each.today)}
        return load_catalog(self.settings.metrics.files, wanted)

    @cached_property
    def connectors(self) -> Mapping[str, Connector]:
        """The connector of every configured source, by the source's name."""
        sources = self.settings.sources.items()
        return {name: load_connector(each.connector) for name, each in sources}

    @property
    def vantage(self) -> Vantage:
        """From where numbers are judged: what is configured, the zone of its days, and now."""
        configured = {
            name: (
                tuple(stream.name for stream in connector.streams),
                self.settings.sources[name].poll,
            )
            for name, connector in self.connectors.items()
        }
        feeding = {
            name: feeding_settings(self.settings, name, each.fields_of)
            for name, each in self.connectors.items()
        }
        feeds = {name: feeds_of(each.streams) for name, each in self.connectors.items()}
        return Vantage(configured, self.settings.merilo.zone, self.clock(), feeding, feeds)

    def client(self, source: str) -> Any:
        """The connection to a source, made at its first use and kept; threads share it."""
        with self._connecting:
            if source not in self._clients:
                options = client_options(
                    self.settings, self.secrets, source, sleep=self.wait, clock=self.clock
                )
                self._clients[source] = self.connectors[source].client(
                    self.settings.sources[source], options
                )
            return self._clients[source]

    def wait(self, seconds: float) -> None:
        """Waits; raises StoppedError as soon as the program is asked to end."""
        if self.stopping.wait(seconds):
            raise StoppedError("The program ends.", did="What was waiting is done at its next run.")

    @cached_property
    def mark_phone(self) -> Callable[[str], PhoneMark]:
        """What is kept of a telephone number, by the key in the vault."""
        return phone_marker(phone_key(self.secrets))

    @cached_property
    def mark_text(self) -> Callable[[str], str]:
        """What is kept of the ids and subjects of letters, by the same key."""
        return text_marker(phone_key(self.secrets))

    def source(self, name: str) -> Source:
        """The source, ready to be read."""
        return Source(
            name=name,
            settings=self.settings,
            connector=self.connectors[name],
            client=self.client(name),
            context=Context(
                source=name,
                zone=self.settings.merilo.zone,
                mark_phone=self.mark_phone,
                meetings=self.settings.meetings.get(name, MeetingRules()).model_dump(),
                currency=self.settings.merilo.currency,
                fields=self.settings.fields.get(name, {}),
                mark_text=self.mark_text,
            ),
            store=self.store,
            clock=self.clock,
        )

    def record_url(self, source: str, kind: str, ref: str) -> str | None:
        """A link to the record in its CRM, where there is one."""
        connector = self.connectors.get(source)
        if connector is None:
            return None
        return connector.record_url(self.settings.sources[source], kind, ref)

    def close(self) -> None:
        """Lets go of connections and the store."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self.store.close()


def feeding_settings(
    settings: Settings, source: str, read: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """The settings of a source that feed metrics, as metrics spell what they need; of its custom
    fields those of the kinds of record of which they are `read`."""
    fields = [each for each in settings.fields.get(source, {}).items() if each[0] in read]
    found = {f"fields.{kind}.{name}": (ref,) for kind, refs in fields for name, ref in refs.items()}
    roles = settings.funnels.get(source, {}).items()
    return found | {f"funnels.{role}": stages for role, stages in roles}


def client_options(
    settings: Settings,
    secrets: SecretStore,
    source: str,
    *,
    sleep: Callable[[float], None],
    clock: Callable[[], datetime] = now,
) -> ClientOptions:
    """What a client of the source, or its login, needs from its surroundings."""
    return ClientOptions(
        source=source,
        secret=secrets.get,
        clock=clock,
        sleep=sleep,
        data_dir=settings.merilo.data_dir,
        vault=secrets,
        fields=settings.fields.get(source, {}),
        destinations=frozenset(
            each.kind for each in settings.destinations if each.source == source
        ),
    )


class SourceModels(Mapping[str, type[SourceSettings]]):
    """The settings' model of every connector, by the connector's name.

    A connector is loaded when its model is asked for: a service needs no other vendors' code.
    """

    def __getitem__(self, name: str) -> type[SourceSettings]:
        if name not in self:
            raise KeyError(name)
        return load_connector(name).settings

    def __contains__(self, name: object) -> bool:
        return name in connector_names()

    def __iter__(self) -> Iterator[str]:
        return iter(connector_names())

    def __len__(self) -> int:
        return len(connector_names())


def settings_from(context: CommandContext, *, require_secrets: bool = False) -> Settings:
    """The settings the command was pointed at; ConfigError holds every mistake in them."""

    def load(catalog: Catalog, *, own_included: bool) -> Settings:
        columns = catalog.column_names
        return load_settings(
            context.config_path,
            source_models=SourceModels(),
            metric_names=columns,
            apart_names=catalog.metrics.keys() - {*columns},
            own_included=own_included,
            require_secrets=require_secrets,
        )

    settings = load(load_catalog(()), own_included=False)
    if not settings.metrics.files:
        return settings
    return load(load_catalog(settings.metrics.files), own_included=True)


def build_app(settings: Settings) -> App:
    """Opens the secrets and the store that the settings name."""
    data_dir = settings.merilo.data_dir
    return App(
        settings=settings,
        secrets=open_secrets(settings.secrets, data_dir),
        store=open_store(settings.store.url, data_dir),
    )


@contextmanager
def open_app(context: CommandContext) -> Iterator[App]:
    """Everything a command needs, opened; closed when the block ends. Only warnings are logged."""
    known = KnownSecrets()
    configure_logging(None, known, logging.WARNING)
    app = build_app(settings_from(context, require_secrets=True))
    known.learn(app.settings, app.secrets)
    try:
        yield app
    finally:
        app.close()
