"""A lead or quote is won while its deal is, whatever arrives first and whatever is removed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from store import conversion, directory
from store import record as stored_record
from store.fact import Deal, DealState, Lead, Quote
from store.mark import REBUILD, read_mark
from store.store import Store
from store.table import DEAL, JOURNAL, LEAD, QUOTE
from store.upsert import row_hash
from sync.commit import Commit
from sync.recredit import settle
from tests.store.quick import open_quick_store
from tests.store.row import stored
from tests.sync.scripted import Remote, source

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
IDS = st.sampled_from("12")
MAYBE = st.none() | IDS
DEALS = st.tuples(st.just("deal"), IDS, st.sampled_from(DealState), MAYBE, MAYBE)
STEPS = st.lists(
    st.one_of(
        DEALS,
        st.tuples(st.just("lead"), IDS),
        st.tuples(st.just("quote"), IDS, MAYBE),
        st.tuples(st.just("remove"), st.sampled_from(["deal", "lead", "quote"]), IDS),
    ),
    max_size=14,
)


@dataclass
class Office:
    """What the CRM has, and the store that is told of it."""

    store: Store
    journal: bool = True
    now: datetime = START
    deals: dict[str, tuple[DealState, str | None, str | None]] = field(default_factory=dict)
    leads: set[str] = field(default_factory=set)
    quotes: dict[str, str | None] = field(default_factory=dict)

    def tell(self, step: tuple[Any, ...]) -> None:
        """One change, at once kept."""
        self.now += timedelta(minutes=1)
        with self.store.write() as tx:
            number = directory.source_id(tx, "main")
            credit = settle(tx, source(self.store, Remote()).settings)
            commit = Commit(source_id=number, credit=credit, journal=self.journal)
            getattr(self, step[0])(tx, commit, *step[1:])

    def deal(
        self, tx: Connection, commit: Commit, ref: str, state: DealState, lead: Any, quote: Any
    ) -> None:
        """A version of a deal; it may name another lead than before."""
        self.deals[ref] = (state, lead, quote)
        fact = Deal(
            ref=ref,
            pipeline_ref="0",
            stage_ref=state.name,
            state=state,
            amount=100,
            currency="RUB",
            owner_ref="7",
            client_ref=None,
            created_at=START,
            updated_at=self.now,
            closed_at=self.now if state else None,
            lead_ref=lead,
            quote_ref=quote,
        )
        commit.put(tx, [fact])

    def lead(self, tx: Connection, commit: Commit, ref: str) -> None:
        """A version of a lead."""
        self.leads.add(ref)
        commit.put(tx, [_lead(ref, self.now)])

    def quote(self, tx: Connection, commit: Commit, ref: str, deal: str | None) -> None:
        """A version of a quote."""
        self.quotes[ref] = deal
        fact = Quote(
            ref=ref,
            stage_ref="DRAFT",
            deal_ref=deal,
            owner_ref="7",
            created_at=START,
            updated_at=self.now,
        )
        commit.put(tx, [fact])

    def remove(self, tx: Connection, commit: Commit, kind: str, ref: str) -> None:
        """What a sweep does with a record that is gone."""
        known: Any = {"deal": self.deals, "lead": self.leads, "quote": self.quotes}[kind]
        if ref not in known:
            return
        known.pop(ref) if isinstance(known, dict) else known.remove(ref)
        table = {"deal": DEAL, "lead": LEAD, "quote": QUOTE}[kind]
        stored_record.remove(tx, table, commit.source_id, [ref], self.now)
        if table is DEAL:
            touched = conversion.origins(tx, commit.source_id, [ref])
            conversion.settle_won(tx, commit.source_id, touched, journal=True)

    def expected(self) -> dict[tuple[str, str], int]:
        """Who won, by the definition alone."""
        won = {ref: each for ref, each in self.deals.items() if each[0] is DealState.WON}
        found = {("lead", ref): int(any(d[1] == ref for d in won.values())) for ref in self.leads}
        for ref, deal in self.quotes.items():
            found["quote", ref] = int(deal in won or any(d[2] == ref for d in won.values()))
        return found

    def kept(self) -> dict[tuple[str, str], int]:
        """Who won, by the store."""
        rows = [(kind, row) for kind in ("lead", "quote") for row in stored(self.store, kind)]
        return {(kind, row[1]): row[-2] for kind, row in rows if row[7] is None}


def _lead(ref: str, at: datetime, owner: str = "7") -> Lead:
    return Lead(
        ref=ref,
        stage_ref="NEW",
        state=DealState.OPEN,
        owner_ref=owner,
        created_at=START,
        updated_at=at,
    )


def _net(store: Store, kind: str) -> Counter[tuple[Any, ...]]:
    net: Counter[tuple[Any, ...]] = Counter()
    for _seq, sign, *image in stored(store, f"{kind}_journal"):
        net[_counted(image)] += sign
    return Counter({row: count for row, count in net.items() if count})


def _counted(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row without the vendor's mark of its version, which moves without a journal."""
    return (*row[:6], *row[7:])


def _clear(store: Store) -> None:
    with store.write() as tx:
        for table in (DEAL, LEAD, QUOTE, *JOURNAL.values()):
            tx.execute(table.delete())
        tx.exec_driver_sql("DELETE FROM owner_change")


@pytest.fixture(scope="module")
def quick() -> Any:
    store = open_quick_store()
    yield store
    store.close()


@settings(max_examples=20, deadline=None)
@given(steps=STEPS)
def test_won_is_what_the_deals_say_after_every_step_and_the_journal_tells_all(
    quick: Store, steps: list[tuple[Any, ...]]
) -> None:
    _check(quick, steps)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_won_is_what_the_deals_say_after_every_one_of_many_steps(
    quick: Store, steps: list[tuple[Any, ...]]
) -> None:
    _check(quick, steps)


def _check(quick: Store, steps: list[tuple[Any, ...]]) -> None:
    _clear(quick)
    office = Office(quick)
    for step in steps:
        office.tell(step)
        assert office.kept() == office.expected(), step
    for kind in ("lead", "quote"):
        rows = stored(quick, kind)
        assert _net(quick, kind) == Counter(map(_counted, rows))
        for row in rows:
            if row[7] is None:  # as if it had been written now
                assert row[-1] == row_hash(_counted(row)[:-2]) ^ row[-2]


def test_the_deal_may_come_before_its_lead_and_after_it(quick: Store) -> None:
    won = ("deal", "1", DealState.WON, "1", None)
    for order in ([won, ("lead", "1")], [("lead", "1"), won]):
        _clear(quick)
        office = Office(quick)
        for step in order:
            office.tell(step)
        assert office.kept() == {("lead", "1"): 1}


def test_a_first_read_without_a_journal_asks_for_a_rebuild(quick: Store) -> None:
    _clear(quick)
    with quick.write() as tx:
        tx.exec_driver_sql("DELETE FROM mark WHERE name = 'kpi.rebuild'")
    Office(quick).tell(("lead", "1"))
    with quick.write() as tx:
        assert read_mark(tx, REBUILD) is None
    Office(quick, journal=False).tell(("deal", "1", DealState.WON, "1", None))
    with quick.write() as tx:
        assert read_mark(tx, REBUILD) is not None
    assert [row[-2] for row in stored(quick, "lead")] == [1]


def test_a_lead_that_changes_hands_stays_credited_to_whom_we_saw_first(quick: Store) -> None:
    _clear(quick)
    office = Office(quick)
    office.tell(("lead", "1"))
    with quick.write() as tx:
        credit = settle(tx, source(quick, Remote()).settings)
        commit = Commit(source_id=directory.source_id(tx, "main"), credit=credit, journal=True)
        commit.put(tx, [_lead("1", office.now + timedelta(hours=1), owner="8")])
        held = tx.exec_driver_sql("SELECT owner_ref FROM owner_change ORDER BY after_at")
        assert list(held.scalars()) == ["7", "8"]


def _days_and_wins(store: Store, table: str) -> tuple[Any, Any]:
    with store.read() as tx:
        rows = tx.exec_driver_sql(f"SELECT created_day, won FROM {table}")  # noqa: S608
        day, won = rows.one()
        return day, won


def test_another_time_zone_moves_leads_and_quotes_to_another_day(quick: Store) -> None:
    _clear(quick)
    office = Office(quick)
    for step in (("lead", "1"), ("quote", "1", None), ("deal", "1", DealState.WON, "1", "1")):
        office.tell(step)
    before = {kind: _days_and_wins(quick, kind) for kind in ("lead", "quote")}
    with quick.write() as tx:
        settle(tx, source(quick, Remote(), zone="Pacific/Honolulu").settings)
    after = {kind: _days_and_wins(quick, kind) for kind in ("lead", "quote")}
    assert before == {"lead": (20261001, 1), "quote": (20261001, 1)}
    assert after == {"lead": (20260930, 1), "quote": (20260930, 1)}
    with quick.write() as tx:
        settle(tx, source(quick, Remote()).settings)
