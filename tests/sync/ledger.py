"""Deals, moves and rates kept page by page, as a connector's streams would bring them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from store import directory
from store.fact import Account, Deal, DealState, Fact, Rate, StageChange, Step
from store.mark import REBUILD, clear_mark, read_mark
from store.store import Store
from store.table import DEAL
from sync.commit import Commit
from sync.page import settle_people
from sync.recredit import current
from sync.source import Source
from tests.store.row import stored
from tests.sync.scripted import Remote, source

NOON = datetime(2026, 10, 1, 9, tzinfo=UTC)
STATES = {"NEW": DealState.OPEN, "WON": DealState.WON, "LOSE": DealState.LOST}
COLUMNS = [column.name for column in DEAL.columns]


def day(number: float) -> datetime:
    """Noon in Moscow of October's day `number`."""
    return NOON + timedelta(days=number - 1)


def deal(ref: str, stage: str, moved: float, **more: Any) -> Deal:
    """A version of a deal that says it came into its stage on a day."""
    state = STATES[stage]
    given: dict[str, Any] = {
        "pipeline_ref": "0",
        "amount": 100,
        "currency": "RUB",
        "owner_ref": "7",
        "client_ref": None,
        "created_at": day(1),
        "updated_at": day(moved),
    }
    closed_at = day(moved) if state else None
    return Deal(ref=ref, stage_ref=stage, state=state, closed_at=closed_at, **given | more)


def move(number: int, ref: str, stage: str, at: float, pipeline: str = "0") -> StageChange:
    """A row of the stage history."""
    return StageChange(
        ref=str(number),
        kind="deal",
        record_ref=ref,
        at=day(at),
        pipeline_ref=pipeline,
        stage_ref=stage,
        state=STATES[stage],
        step=Step.CLOSED if STATES[stage] else Step.MOVED,
        seen_at=day(at),
    )


def rate(currency: str, at: float, numerator: int, denominator: int = 1) -> Rate:
    """A rate seen on a day."""
    return Rate(currency=currency, seen_at=day(at), numerator=numerator, denominator=denominator)


class Ledger:
    """A source of which what is kept is journalled."""

    def __init__(self, store: Store, currency: str = "RUB") -> None:
        self.store = store
        self.place: Source = source(store, Remote(), currency=currency)
        self.commit = Commit(source_id=1, credit=settle_people(self.place), journal=True)
        with store.write() as tx:
            directory.source_id(tx, "main")

    def keep(self, *facts: Fact) -> int:
        """One page in one transaction."""
        with self.store.write() as tx:
            return current(tx, self.commit).put(tx, facts)

    def hire(self, ref: str, name: str) -> int:
        """An account; returns the manager's id."""
        self.keep(Account(ref=ref, name=name, email=None, active=True))
        settle_people(self.place)
        with self.store.read() as tx:
            query = f"SELECT manager_id FROM alias WHERE ref = '{ref}'"  # noqa: S608
            return int(tx.exec_driver_sql(query).scalar_one())

    def rows(self) -> dict[str, dict[str, Any]]:
        """The deals as they stand."""
        kept = (dict(zip(COLUMNS, row, strict=True)) for row in stored(self.store, "deal"))
        return {row["ref"]: row for row in kept}

    def value(self, ref: str, name: str) -> Any:
        """A column of one deal."""
        return self.rows()[ref][name]

    def forget_journal(self) -> None:
        """The KPIs are up to date."""
        with self.store.write() as tx:
            clear_mark(tx, REBUILD)
            tx.exec_driver_sql("DELETE FROM deal_journal")

    def journalled(self) -> Counter[Any]:
        """What the journal says changed: rows, with +1 and -1."""
        found: Counter[Any] = Counter()
        for _seq, sign, *image in stored(self.store, "deal_journal"):
            found[_counted(image)] += sign
        return Counter({image: count for image, count in found.items() if count})

    def counted(self) -> Counter[Any]:
        """The deals as the KPIs see them."""
        return Counter(_counted(row) for row in stored(self.store, "deal"))

    def touched(self) -> list[str]:
        """The deals that the journal tells of."""
        return sorted({row[3] for row in stored(self.store, "deal_journal")})

    def is_to_be_rebuilt(self) -> bool:
        """Whether the KPIs are asked to count everything anew."""
        with self.store.read() as tx:
            return read_mark(tx, REBUILD) is not None


def _counted(row: Sequence[Any]) -> Any:
    """A row without the vendor's mark of its version, which may change unjournalled."""
    place = COLUMNS.index("updated_at")
    return tuple(row[:place]) + tuple(row[place + 1 :])


def empty(store: Store, tables: Sequence[str]) -> None:
    """Forgets everything in these tables."""
    with store.write() as tx:
        for table in tables:
            name = tx.dialect.identifier_preparer.quote(table)
            tx.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608


def keep_in_drawn_order(ledger: Ledger, data: st.DataObject, *streams: Sequence[Fact]) -> None:
    """Each stream in its own order, in pages of any size, whichever stream is read next."""
    queues = [list(stream) for stream in streams]
    while any(queues):
        queue = data.draw(st.sampled_from([each for each in queues if each]))
        size = data.draw(st.integers(1, len(queue)))
        ledger.keep(*queue[:size])
        del queue[:size]
