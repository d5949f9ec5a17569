"""The company of the hand-made month as a source, read four times, as often and as it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from config.settings import ManagerEntry
from connectors.base import Context, Page, PhoneMark, Record, Since, Stream
from kpi.catalog import Catalog
from kpi.coverage import Vantage
from kpi.engine import refresh
from store.fact import DealState as State
from store.fact import Fact, Pipeline, Stage
from store.store import Store
from sync.pipeline import Pass
from sync.source import Source
from tests.gold import book
from tests.sync.scripted import Remote, source

ZONE = ZoneInfo("Europe/Berlin")
READ_AT = tuple(map(book.moment, (
    "2026-10-10 20:00:00+02:00",
    "2026-10-20 20:00:00+02:00",
    "2026-10-31 23:50:00+01:00",
    "2026-11-02 12:00:00+01:00",
)))  # fmt: skip
"""When the company is read, and up to when everything is known then."""
SINCE = date(2026, 1, 1)
"""The first day of what is read."""
MANAGERS = (
    ManagerEntry(name="Егор", aliases={"main": "13"}),
    ManagerEntry(name="Робот", aliases={"main": "14"}, ignore=True),
)
NAMES = {
    "anna": "Анна",
    "boris": "Борис",
    "vera": "Вера",
    "gleb": "Глеб",
    "daria": "Дарья",
    "egor": "Егор",
    "team": None,
}
STAGES = (("NEW", "Новая", State.OPEN), ("TALK", "Переговоры", State.OPEN),
          ("WON", "Успех", State.WON), ("LOSE", "Цена", State.LOST),
          ("APOLOGY", "Нет ответа", State.LOST), ("JUNK", " ", State.LOST))  # fmt: skip
Facts = Callable[[book.Row, Context], Sequence[Fact]]


def _funnel(row: book.Row, _context: Context) -> Sequence[Fact]:
    if row["ref"] == "0":
        return (Pipeline(ref="0", name="Продажи", sort=1),)
    ref, name, state = STAGES[int(row["ref"]) - 1]
    return (Stage(ref=ref, pipeline_ref="0", name=name, sort=int(row["ref"]), state=state),)


def _one(make: Callable[[book.Row], Fact]) -> Facts:
    return lambda row, _context: (make(row),)


FILES: Mapping[str, tuple[tuple[str, Facts], ...]] = {
    "users": (("people", _one(book.account)),),
    "funnels": ((f"0-{len(STAGES)}", _funnel),),
    "currencies": (("rates", _one(book.rate)),),
    "deals": (("deals", _one(book.deal)),),
    "stage_history": (("moves", _one(book.move)),),
    "owners": (("owners", _one(book.handover)),),
    "leads": (("leads", _one(book.lead)),),
    "quotes": (("quotes", _one(book.quote)),),
    "activities": (("mails", _one(book.mail)), ("meetings", _one(book.meeting))),
    "calls": (("calls", book.leg),),
    "removals": (("removals", _one(book.removal)),),
}
"""The streams in the order in which they are read, and the files behind each."""


@dataclass
class Vendor(Remote):
    """What the CRM shows in one read: the rows that are new since the last one."""

    number: int = 1
    page: int = 1000
    mixed: Random | None = None
    known: dict[str, list[book.Row]] = field(default_factory=dict)

    def rows(self, name: str) -> list[book.Row]:
        """The rows of a file in this read."""
        if name not in self.known:
            counted = name.startswith("0-")
            self.known[name] = (
                [{"ref": str(n), "read": "1"} for n in range(len(STAGES) + 1)]
                if counted
                else book.rows(name)
            )
        found = [row for row in self.known[name] if int(row.get("read", 1)) == self.number]
        if self.mixed is not None:
            self.mixed.shuffle(found)
        return found


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the company is read: rows a page, whether the first read is journalled like the others,
    the streams last first, rows in which order, and the KPIs refreshed after every page or read."""

    page: int = 1000
    journalled: bool = False
    reverse: bool = False
    mixed: int | None = None
    after_every_page: bool = False

    def run(self, store: Store, catalog: Catalog) -> None:
        """Reads everything, as it was seen on four days."""
        vendor = Vendor(page=self.page, mixed=Random(self.mixed) if self.mixed else None)
        place = self.place(store, vendor)
        if self.journalled:
            vendor.number = 0
            Pass(source=place).run()
            refresh(store, catalog, ZONE)
        for number, now in enumerate(READ_AT, 1):
            vendor.number, vendor.now = number, now
            results = Pass(source=place, report=lambda _: self._page(store, catalog)).run()
            assert not [each for each in results if each.error or each.quarantined], results
            refresh(store, catalog, ZONE)

    def place(self, store: Store, vendor: Vendor) -> Source:
        """The company as a configured source."""
        names = list(FILES)
        # People first and removals last; between them any order leads to the same numbers.
        if self.reverse:
            names[1:-1] = reversed(names[1:-1])
        streams = tuple(_stream(name) for name in names)
        made = source(store, vendor, streams=streams, managers=MANAGERS, zone=ZONE.key, since=SINCE)
        marked = replace(made.context, mark_phone=_mark)
        return replace(made, context=marked)

    def _page(self, store: Store, catalog: Catalog) -> None:
        if self.after_every_page:
            refresh(store, catalog, ZONE)


def vantage() -> Vantage:
    """Judged from the evening of the last read."""
    streams = tuple(FILES)
    feeds = {"main": {"emails": ("activities",)}}
    return Vantage({"main": (streams, timedelta(minutes=1))}, ZONE, READ_AT[-1], feeds=feeds)


def _mark(text: str) -> PhoneMark:
    return PhoneMark(text or None, text[-4:] or None)


def _stream(name: str) -> Stream:
    def pages(vendor: Vendor, _since: Since) -> Iterator[Page]:
        records = [
            {"file": file, "row": row, "id": f"{file} {index}"}
            for file, _ in FILES[name]
            for index, row in enumerate(vendor.rows(file))
        ]
        parts = [records[at : at + vendor.page] for at in range(0, len(records), vendor.page)]
        for part in parts or [[]]:
            yield Page(records=part, checkpoint="", served_at=vendor.now)

    def facts(record: Record, context: Context) -> Sequence[Fact]:
        make = dict(FILES[name])[record["file"]]
        return make(record["row"], context)

    return Stream(name=name, key="id", pages=pages, normalize=facts)
