"""A win is a repeat when the client had an earlier one: by the deals that exist now."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from store import record as stored_record
from store.repeat import settle_repeats, winning_clients
from store.store import Store
from store.table import DEAL, JOURNAL
from tests.store.steps import steps_of
from tests.sync.ledger import Ledger, day, deal

ACME, BETA = "company:1", "company:2"


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


def won(ref: str, at: float, client: str | None = ACME, **more: Any) -> Any:
    return deal(ref, "WON", at, client_ref=client, **more)


def repeats(ledger: Ledger) -> set[str]:
    with ledger.store.read() as tx:
        query = select(DEAL.c.ref).where(DEAL.c.is_repeat == 1, DEAL.c.removed_at.is_(None))
        return set(tx.execute(query).scalars())


def remove(ledger: Ledger, *refs: str) -> None:
    with ledger.store.write() as tx:
        clients = winning_clients(tx, 1, refs)
        stored_record.remove(tx, DEAL, 1, refs, day(30))
        settle_repeats(tx, 1, clients, journal=True)


def test_the_first_win_is_none_and_the_later_ones_are(ledger: Ledger) -> None:
    ledger.keep(won("a", 5), won("b", 9), won("c", 7), won("d", 9, BETA))
    assert repeats(ledger) == {"b", "c"}


def test_a_deal_that_is_lost_or_open_makes_no_repeat(ledger: Ledger) -> None:
    ledger.keep(deal("a", "LOSE", 3, client_ref=ACME), deal("b", "NEW", 3, client_ref=ACME))
    ledger.keep(won("c", 5))
    assert repeats(ledger) == set()


def test_wins_without_a_client_are_no_repeats(ledger: Ledger) -> None:
    ledger.keep(won("a", 5, None), won("b", 9, None))
    assert repeats(ledger) == set()


def test_an_earlier_win_read_later_makes_the_known_one_a_repeat(ledger: Ledger) -> None:
    ledger.keep(won("b", 9))
    ledger.forget_journal()
    ledger.keep(won("a", 5))
    assert repeats(ledger) == {"b"}
    with ledger.store.read() as tx:
        images = JOURNAL["deal"]
        query = select(images.c.ref, images.c.sign, images.c.is_repeat).order_by(images.c.seq)
        assert [tuple(row) for row in tx.execute(query)] == [
            ("a", 1, 0), ("b", -1, 0), ("b", 1, 1),
        ]  # fmt: skip


def test_reopening_the_first_win_makes_the_second_the_first(ledger: Ledger) -> None:
    ledger.keep(won("a", 5), won("b", 9))
    ledger.keep(deal("a", "NEW", 12, client_ref=ACME))
    assert repeats(ledger) == set()
    ledger.keep(won("a", 14))
    assert repeats(ledger) == {"a"}


def test_a_deal_that_moves_to_another_client_settles_both(ledger: Ledger) -> None:
    ledger.keep(won("a", 5), won("b", 9), won("c", 11, BETA))
    ledger.keep(won("a", 5, BETA, updated_at=day(12)))
    assert repeats(ledger) == {"c"}


def test_a_removed_win_makes_no_repeat_and_one_that_returns_does(ledger: Ledger) -> None:
    ledger.keep(won("a", 5), won("b", 9))
    remove(ledger, "a")
    assert repeats(ledger) == set()
    ledger.keep(won("a", 5, updated_at=day(13)))
    assert repeats(ledger) == {"b"}


def test_a_client_with_a_thousand_wins_costs_no_more_than_one_with_two(
    sqlite_store: Store,
) -> None:
    ledger = Ledger(sqlite_store)
    ledger.keep(*(won(f"a{number}", number / 100) for number in range(1_000)))
    ledger.keep(won("b0", 5, BETA), won("b1", 6, BETA))

    def cost(client: str) -> int:
        return steps_of(sqlite_store, lambda tx: settle_repeats(tx, 1, {client}, journal=True))

    assert cost(ACME) == cost(BETA)


versions = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from(("NEW", "WON", "LOSE")),
    st.integers(1, 20),
    st.sampled_from((ACME, BETA, None)),
    st.booleans(),
)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(versions, min_size=1, max_size=12))
def test_whatever_happens_to_deals_the_flags_are_those_of_a_count_from_scratch(
    ledger: Ledger, steps: list[Any]
) -> None:
    with ledger.store.write() as tx:
        for table in (DEAL, JOURNAL["deal"]):
            tx.execute(delete(table))
    now: dict[str, Any] = {}
    for clock, (ref, stage, at, client, is_removed) in enumerate(steps):
        if is_removed and ref in now:
            remove(ledger, ref)
            del now[ref]
        else:
            ledger.keep(deal(ref, stage, at, client_ref=client, updated_at=day(30 + clock)))
            now[ref] = stage, at, client
    wins = {ref: each for ref, each in now.items() if each[0] == "WON" and each[2]}
    assert repeats(ledger) == {
        ref
        for ref, (_, at, client) in wins.items()
        if any(other[1] < at and other[2] == client for other in wins.values())
    }
