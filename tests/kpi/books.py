"""Writes facts as sync does: keyed, hashed and journalled."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.coverage import Vantage
from store.bookkeeping import MarkRow, StreamRow
from store.directory import put_manager, source_id
from store.fact import Seen, TalkQuality, Transfer
from store.mark import REBUILD, write_mark
from store.moment import day_date, to_ms
from store.store import Store
from store.table import CALL, DEAL, JOURNAL, TEAM, table_of
from store.upsert import delete_rows, put_rows, row_hash

ANNA, BORIS, VERA = 1, 2, 3
MOSCOW = ZoneInfo("Europe/Moscow")
NOON = timedelta(hours=9)
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
OPEN, WON, LOST = 0, 1, 2
IN, OUT = 1, 2


class Books:
    """Three managers, one source `main`, and whatever facts a test needs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.write() as tx:
            self.source = source_id(tx, "main")
            for key, name in (("a", "Анна"), ("b", "Борис"), ("v", "Вера")):
                put_manager(tx, key=key, name=name, listed=False, hidden=False)

    def burn(self) -> None:
        """Forgets every fact, journal and mark; the cells stay, as leftovers."""
        with self.store.write() as tx:
            for table in (DEAL, CALL, *JOURNAL.values(), table_of(MarkRow)):
                tx.execute(delete(table))

    def deals(self, *rows: tuple[Any, ...], journal: bool = True) -> None:
        """Keeps rows made by `deal`."""
        self._put(DEAL, rows, journal=journal)

    def calls(self, *rows: tuple[Any, ...], journal: bool = True) -> None:
        """Keeps rows made by `call`."""
        self._put(CALL, rows, journal=journal)

    def forget_calls(self, *keys: tuple[Any, ...]) -> None:
        """Deletes call rows by (ref, manager)."""
        with self.store.write() as tx:
            delete_rows(tx, CALL, [(self.source, *key) for key in keys], journal=True)

    def read_up_to(
        self,
        watermark: datetime | None,
        *,
        since: datetime | None = None,
        streams: Sequence[str] = ("calls", "deals"),
        source: str = "main",
    ) -> None:
        """Says how far the streams were read."""
        table = table_of(StreamRow)
        with self.store.write() as tx:
            number = source_id(tx, source)
            for name in streams:
                tx.execute(delete(table).where(table.c.source_id == number, table.c.name == name))
                tx.execute(
                    insert(table).values(
                        source_id=number, name=name, since=since, watermark=watermark
                    )
                )

    def _put(self, table: Any, rows: Sequence[tuple[Any, ...]], *, journal: bool) -> None:
        full = [(self.source, *row, row_hash(row)) for row in rows]
        with self.store.write() as tx:
            put_rows(tx, table, full, journal=journal)
            if not journal:
                write_mark(tx, REBUILD, "1")


def deal(
    ref: str,
    *,
    created: int = 20261001,
    by: int | None = ANNA,
    state: int = OPEN,
    closed: int | None = None,
    closer: int | None = None,
    amount: int | None = 100_00,
    removed: bool = False,
) -> tuple[Any, ...]:
    """A deal's row without its source; a closed one is closed by its creator unless told."""
    closed_at = at_noon(closed) if closed else None
    closer = closer if closer is not None or closed is None else by
    return (
        ref, "0", "NEW", state, amount or 0, "RUB", amount, "7", None,
        to_ms(at_noon(created)), to_ms(NOW), *[closed_at and to_ms(closed_at)] * 2,
        to_ms(NOW) if removed else None, created, by, closed, closer, None, None,
        closed_at and (to_ms(closed_at) - to_ms(at_noon(created))) // 1000, 0, None,
    )  # fmt: skip


def call(
    ref: str,
    who: int = TEAM,
    *,
    day: int = 20261005,
    way: int = IN,
    talk: int = 0,
    at: datetime | None = None,
) -> tuple[Any, ...]:
    """A call's row for one person, or for the team, without its source."""
    head = (ref, who, day, to_ms(at or at_noon(day)), way, talk, f"leg-{ref}")
    told = (None, None, talk, None, None, int(TalkQuality.REPORTED), int(Transfer.NONE), None)
    return *head, *told, None, None, int(Seen.OPEN), None, None


def both(ref: str, who: int, **more: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The rows of a call that one person took alone."""
    return call(ref, who, **more), call(ref, TEAM, **more)


def at_noon(day: int) -> datetime:
    """Noon in Moscow on a day YYYYMMDD."""
    date = day_date(day)
    return datetime(date.year, date.month, date.day, 12, tzinfo=MOSCOW).astimezone(UTC)


def seen_from(now: datetime = NOW, **sources: tuple[str, ...]) -> Vantage:
    """The vantage of a Moscow company polling every minute; `main` has both streams by default."""
    streams = sources or {"main": ("calls", "deals")}
    poll = timedelta(minutes=1)
    return Vantage({name: (each, poll) for name, each in streams.items()}, MOSCOW, now)


def cells(tx: Connection, catalog: Catalog) -> tuple[list[Any], ...]:
    """Every row of the cells, in key order, table by table."""
    return tuple(
        [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key.columns))]
        for table in cells_of(catalog).tables
    )
