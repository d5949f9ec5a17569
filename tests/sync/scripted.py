"""A CRM in memory: deals and calls that a test changes, read through a real `Connector`.

Its clock moves only when told, its marks of change have whole seconds, as many vendors' have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from config.settings import ManagerEntry, MeriloSection, Settings, SourceSettings
from connectors.base import Connector, Context, Page, PhoneMark, Record, Since, Stream
from connectors.error import DataError
from store.fact import Account, CallLeg, Deal, DealState, Direction, Fact
from store.store import Store
from sync.source import Source

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
LAG = timedelta(seconds=1)


class Kill(BaseException):
    """The process died here."""


@dataclass(frozen=True)
class Version:
    """A deal as the CRM shows it."""

    owner: str
    amount: int
    state: DealState
    created: datetime
    updated: datetime
    closed: datetime | None = None
    senseless: bool = False


@dataclass
class Remote:
    """The CRM. `hook(point)` is called at "page" (before each answer) and at "served" (when it is
    on its way); it may raise or change."""

    now: datetime = START
    page_size: int = 2
    deals: dict[str, Version] = field(default_factory=dict)
    bin: dict[str, Version] = field(default_factory=dict)
    past: dict[str, Version] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    legs: dict[str, CallLeg] = field(default_factory=dict)
    binned: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    hook: Callable[[str], None] = lambda _point: None
    asked: int = 0
    at_least: ClassVar[bool] = True

    def create(self, ref: str, owner: str, amount: int = 100) -> None:
        """A new open deal; nothing happens if there is one."""
        if ref not in self.deals and ref not in self.bin:
            second = self.now.replace(microsecond=0)
            self.deals[ref] = Version(owner, amount, DealState.OPEN, second, second)

    def change(self, ref: str, **values: Any) -> None:
        """Changes fields of a deal that exists; a change of state is a move."""
        if ref in self.deals:
            self.past[ref] = before = self.deals[ref]
            second = self.now.replace(microsecond=0)
            if "state" in values and values["state"] != before.state:
                values["closed"] = second if values["state"] else None
            self.deals[ref] = replace(before, updated=second, **values)

    def delete(self, ref: str) -> None:
        """Into the bin, without a trace in any list."""
        if ref in self.deals:
            self.bin[ref] = self.deals.pop(ref)
            self.binned.add(ref)

    def restore(self, ref: str) -> None:
        """Out of the bin, without a mark of change."""
        if ref in self.bin:
            self.deals[ref] = self.bin.pop(ref)

    def hire(self, ref: str, name: str, email: str | None = None) -> None:
        """A user account."""
        self.accounts[ref] = Account(ref=ref, name=name, email=email, active=True)

    def ring(self, ref: str, **values: Any) -> None:
        """A leg of a call."""
        self.legs[ref] = leg(ref, **values)

    def shown(self, ref: str) -> Version | None:
        """The deal as this answer shows it: a copy that lags behind shows the one before."""
        return self.past.get(ref) if ref in self.stale else self.deals.get(ref)


def leg(
    ref: str,
    *,
    call: str | None = None,
    user: str | None = "7",
    talk: int = 0,
    at: datetime = START,
    way: Direction = Direction.IN,
) -> CallLeg:
    """A leg with little said about it."""
    return CallLeg(
        ref=ref,
        call_ref=call or f"call {ref}",
        user_ref=user,
        direction=way,
        started_at=at,
        talk_s=talk,
        outcome="ok",
        client_hash=None,
        client_last4=None,
        client_ref=None,
    )


def _sliced(
    remote: Remote, records: Callable[[], list[Record]], since: Since, key: str = "id"
) -> Iterator[Page]:
    after, served_at = since.checkpoint or "", remote.now
    while True:
        remote.asked += 1
        remote.hook("page")
        served_at = remote.now
        rest = sorted((row for row in records() if row[key] > after), key=lambda row: str(row[key]))
        rows = rest[: remote.page_size]
        after = rows[-1][key] if rows else after
        remote.hook("served")
        yield Page(records=rows, checkpoint=after, served_at=served_at)
        if len(rest) <= remote.page_size:
            return


def _deal_pages(remote: Remote, since: Since) -> Iterator[Page]:
    floor = since.changed_from

    def changed() -> list[Record]:
        found = [(ref, remote.shown(ref)) for ref in remote.deals]
        return [
            {"id": ref, "version": version}
            for ref, version in found
            if version is not None and _is_wanted(remote, version.updated, floor)
        ]

    return _sliced(remote, changed, since)


def _is_wanted(remote: Remote, updated: datetime, floor: datetime) -> bool:
    return updated >= floor if remote.at_least else updated > floor


def _deal(record: Record, context: Context) -> Iterable[Fact]:
    version: Version = record["version"]
    if version.senseless:
        raise DataError("The field amount is no amount.")
    yield Deal(
        ref=record["id"],
        pipeline_ref="0",
        stage_ref=version.state.name,
        state=version.state,
        amount=version.amount,
        currency="RUB",
        owner_ref=version.owner,
        client_ref=None,
        created_at=version.created,
        updated_at=version.updated,
        closed_at=version.closed,
    )


def _deal_ids(remote: Remote, since: datetime) -> Iterator[str]:
    remote.hook("ids")
    yield from list(remote.deals)


def _deal_fetch(remote: Remote, refs: Sequence[str]) -> Iterator[Page]:
    remote.hook("fetch")
    rows = [{"id": ref, "version": remote.deals[ref]} for ref in refs if ref in remote.deals]
    yield Page(records=rows, checkpoint="", served_at=remote.now)


def _account_pages(remote: Remote, since: Since) -> Iterator[Page]:
    rows = [{"id": ref, "fact": account} for ref, account in remote.accounts.items()]
    return _sliced(remote, lambda: rows, Since(changed_from=since.changed_from))


def _leg_pages(remote: Remote, since: Since) -> Iterator[Page]:
    rows = [{"id": ref, "fact": each} for ref, each in remote.legs.items()]
    return _sliced(remote, lambda: rows, since)


def _as_it_is(record: Record, context: Context) -> Iterable[Fact]:
    yield record["fact"]


DEALS = Stream(
    name="deals",
    key="id",
    pages=_deal_pages,
    normalize=_deal,
    lag=LAG,
    existing_ids=_deal_ids,
    fetch=_deal_fetch,
)
USERS = Stream(name="users", key="id", pages=_account_pages, normalize=_as_it_is)
CALLS = Stream(name="calls", key="id", pages=_leg_pages, normalize=_as_it_is)


def connector(*streams: Stream) -> Connector:
    """A connector of these streams."""
    return Connector(
        name="scripted",
        settings=SourceSettings,
        client=lambda _settings, _options: None,
        streams=streams or (USERS, DEALS, CALLS),
        check=lambda _client: (),
        record_url=lambda _settings, _kind, _ref: None,
        targets={},
    )


def source(
    store: Store,
    remote: Remote,
    *,
    streams: tuple[Stream, ...] = (),
    name: str = "main",
    managers: Sequence[ManagerEntry] = (),
    zone: str = "Europe/Moscow",
    currency: str = "RUB",
    since: Any = None,
    credit: Any = "each_leg",
) -> Source:
    """The CRM as a configured source, ready to be read."""
    entry = SourceSettings(connector="scripted", url="http://127.0.0.1", since=since, credit=credit)
    settings = Settings(
        merilo=MeriloSection(data_dir=Path("/nowhere"), timezone=zone, currency=currency),
        sources={name: entry},
        managers=tuple(managers),
        path=Path("/nowhere/merilo.toml"),
    )
    return Source(
        name=name,
        settings=settings,
        connector=connector(*streams),
        client=remote,
        context=Context(
            source=name, zone=settings.merilo.zone, mark_phone=lambda _text: PhoneMark(None, None)
        ),
        store=store,
        clock=lambda: remote.now,
    )
