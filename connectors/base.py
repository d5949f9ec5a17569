"""What a connector declares: streams as data plus pure functions, and the client they ask."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, Self
from zoneinfo import ZoneInfo

from config.settings import SourceSettings
from connectors.error import RemoteError
from connectors.text_mark import text_marker
from connectors.token_store import Vault
from store.fact import Fact

Record = dict[str, Any]
"""A vendor's record as it came, with the vendor's own field names."""


class PhoneMark(NamedTuple):
    """All that is kept of a telephone number: a keyed hash and its last four digits."""

    hash: str | None
    last4: str | None


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a normaliser may know besides the record; it touches neither clock nor network.

    `meetings`: [meetings.SOURCE] of the settings, by key. `currency`: the base currency. `fields`:
    [fields.SOURCE], by kind of record and name. `mark_text`: the hash of what is never kept.
    """

    source: str
    zone: ZoneInfo
    mark_phone: Callable[[str], PhoneMark]
    meetings: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mark_text: Callable[[str], str] = field(default_factory=lambda: text_marker(b""))


@dataclass(frozen=True, kw_only=True)
class Since:
    """Where a run of a stream begins to read.

    `changed_from`: records changed at or after this moment are wanted (on the first run the
    `since` of the settings, later watermark minus lag). `cursor`: what the last finished run left
    (e.g. the greatest call id). `checkpoint`: the place inside an unfinished run, else None.
    `fields`: custom fields that are read besides those of the stream, in the vendor's spelling.
    """

    changed_from: datetime
    cursor: str | None = None
    checkpoint: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """Records of one answer, the place to resume after them, and the server's time of the request.

    `cursor` replaces the stream's cursor when the run ends; None leaves it.
    """

    records: Sequence[Record]
    checkpoint: str
    served_at: datetime
    cursor: str | None = None


class Client(Protocol):
    """A logged-in connection to one source."""

    def close(self) -> None:
        """Lets go of sockets."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One kind of record of a source; behaviour only in functions.

    `pages` yields at least one page, an empty one when nothing changed: it carries the server's
    time, to which a finished run moves the watermark. A page's checkpoint tells all that is unread
    when it is kept, whatever `changed_from` is, so that a run goes on where it stopped.
    `lag`: overlap that every run reads again. `existing_ids`: ids the vendor has now of records
    changed since a moment, for the sweep. `fetch`: the records with these ids, for what a sweep
    missed or quarantine replays. `opening`: the commands of the first request, for clients that can
    ask several at once. `rules`: the settings by which `normalize` understands records, as text;
    when that changes everything is read again. `fields_of`: the kind of record whose custom fields
    it reads, as [fields.SOURCE.KIND] names them; when others are named everything is read again,
    and what is made of a new one is unknown until then. `late`: rows may come, or change without a
    mark, this long after they were read; this span is read again every hour. `feeds`: the names by
    which metrics ask for what it reads, where it has not one of its own; `facts`: the kinds that a
    sweep of it compares, likewise.
    """

    name: str
    key: str
    pages: Callable[[Any, Since], Iterator[Page]]
    normalize: Callable[[Record, Context], Iterable[Fact]]
    lag: timedelta = timedelta(0)
    existing_ids: Callable[[Any, datetime], Iterator[str]] | None = None
    fetch: Callable[[Any, Sequence[str]], Iterator[Page]] | None = None
    opening: Callable[[Since], Sequence[Any]] | None = None
    rules: Callable[[Context], str] | None = None
    fields_of: str | None = None
    late: timedelta | None = None
    feeds: tuple[str, ...] = ()
    facts: tuple[type[Any], ...] = ()


def feeds_of(streams: Sequence[Stream]) -> Mapping[str, tuple[str, ...]]:
    """The names that metrics know and some of these streams feed, with the streams behind each."""
    found: dict[str, tuple[str, ...]] = {}
    for stream in streams:
        for name in stream.feeds:
            found[name] = (*found.get(name, ()), stream.name)
    return found


@dataclass(frozen=True, kw_only=True)
class ClientOptions:
    """What every client needs from its surroundings. `clock` gives aware UTC moments.

    `data_dir` holds what processes of one machine share (the portal's limiter). `vault` keeps
    tokens that are renewed; None where no login of that kind is in use. `fields`: [fields.SOURCE]
    of the settings, by kind of record and name. `destinations`: the kinds of what is written to
    the source, for its check.
    """

    source: str
    secret: Callable[[Any], str]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    data_dir: Any
    vault: Vault | None = None
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    destinations: frozenset[str] = frozenset()


class Login(Protocol):
    """One login of a source by OAuth, from the address to open to the tokens that are kept."""

    @property
    def redirect_uri(self) -> str:
        """Where the vendor sends the browser, as the settings tell it; empty if they do not."""

    def address(self, state: str) -> str:
        """The page a person opens to agree; `state` comes back with the answer."""

    def redeem(self, answer: Mapping[str, str]) -> str:
        """Turns the answer (`code` and what else came) into kept tokens; tells whose account it is
        (host, user's id). Raises AuthError, RetryableError or SecretError."""

    def install(self, form: Mapping[str, str]) -> str:
        """Takes the tokens that a vendor sent to the page when the application was installed, after
        proving with the vendor that they are what they seem. Raises like `redeem`; AuthError also
        for a form that is forged or makes no sense."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of `merilo check`: what was looked at, whether it is well, what to do if not."""

    name: str
    ok: bool
    detail: str
    todo: str = ""

    @classmethod
    def failed(cls, name: str, error: RemoteError) -> Self:
        """The line of what a remote system refused, with what to do about it."""
        return cls(name=name, ok=False, detail=error.what, todo=error.todo)


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Everything Merilo knows about one vendor; found by the name of its folder.

    `open_pass` asks the first page of several streams in one request, where the vendor can.
    `record_url` links to a record: (settings, kind of fact, ref) -> URL or None.
    `targets` maps a destination kind to the writer's constructor (client, settings). `login` makes
    the OAuth login of a source, None where its settings enter otherwise or the vendor has none.
    `told` makes of the streams and a client the stream of what the vendor tells was removed: hints,
    read with every pass and shown nowhere; None where it tells nothing.
    """

    name: str
    settings: type[SourceSettings]
    client: Callable[[Any, ClientOptions], Any]
    streams: tuple[Stream, ...]
    check: Callable[[Any], Iterable[Check]]
    record_url: Callable[[Any, str, str], str | None]
    open_pass: Callable[[Any, Sequence[tuple[Stream, Since]]], None] | None = None
    targets: Mapping[str, Callable[[Any, Any], Any]]
    login: Callable[[Any, ClientOptions], Login | None] | None = None
    told: Callable[[Sequence[Stream], Any], Stream | None] | None = None

    @property
    def fields_of(self) -> frozenset[str]:
        """The kinds of record whose custom fields its streams read."""
        return frozenset(each.fields_of for each in self.streams if each.fields_of is not None)
