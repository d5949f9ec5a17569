"""A deal closes when it last moved into its stage: by the history, until then by its own word."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.moment import to_ms
from store.store import Store
from sync.closing import closed_at
from tests.store.quick import open_quick_store
from tests.store.row import stored
from tests.sync.ledger import Ledger, day, deal, empty, keep_in_drawn_order, move

TABLES = ("deal_journal", "deal", "stage_change", "owner_change", "mark", "source")


@pytest.mark.parametrize(
    ("by_deal", "arrival", "read_to", "expected"),
    [
        (None, None, None, None),
        (None, 3, 9, None),
        (5, None, 9, 5),
        (5, 4, 9, 4),
        (5, 6, 9, 6),
        (5, 4, 4, 5),
        (5, 4, None, 5),
        (5, 6, None, 6),
    ],
    ids=[
        "open",
        "an open one was once won",
        "no history of it",
        "its own word is too late",
        "its own word is too early",
        "the history is not read so far",
        "the history was never read",
        "the history is ahead",
    ],
)
def test_the_history_knows_better_as_far_as_it_is_read(
    by_deal: int | None, arrival: int | None, read_to: int | None, expected: int | None
) -> None:
    def at(number: int | None) -> datetime | None:
        return None if number is None else day(number)

    assert closed_at(at(by_deal), at(arrival), at(read_to)) == at(expected)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


def test_before_the_history_is_read_the_deals_own_word_stands(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 5))
    assert ledger.value("a", "closed_at") == to_ms(day(5))
    assert ledger.value("a", "closed_day") == 20261005
    assert ledger.value("a", "cycle_s") == 4 * 86_400


def test_a_history_read_later_dates_the_deal_anew_and_journals_it(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 5), deal("b", "WON", 5))
    ledger.forget_journal()
    assert ledger.keep(move(1, "a", "NEW", 1), move(2, "a", "WON", 3), move(3, "b", "WON", 5)) == 3
    assert ledger.value("a", "closed_at") == to_ms(day(3))
    assert ledger.value("a", "moved_at") == to_ms(day(5))
    assert ledger.value("a", "closed_day") == 20261003
    assert ledger.value("a", "cycle_s") == 2 * 86_400
    assert ledger.touched() == ["a"]
    assert sum(ledger.journalled().values()) == 0
    assert not ledger.is_to_be_rebuilt()


def test_a_history_read_before_the_deal_dates_it_at_once(ledger: Ledger) -> None:
    ledger.keep(move(1, "a", "WON", 3), move(2, "z", "NEW", 9))
    ledger.keep(deal("a", "WON", 5))
    assert ledger.value("a", "closed_at") == to_ms(day(3))


def test_of_several_moves_into_the_stage_the_last_one_counts(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 9))
    ledger.keep(move(1, "a", "WON", 2), move(2, "a", "NEW", 3), move(3, "a", "WON", 4))
    ledger.keep(move(4, "z", "NEW", 10))
    assert ledger.value("a", "closed_at") == to_ms(day(4))


def test_a_move_into_another_lost_stage_counts_by_the_present_one(ledger: Ledger) -> None:
    ledger.keep(deal("a", "LOSE", 4))
    ledger.keep(move(1, "a", "WON", 2), move(2, "a", "LOSE", 3), move(3, "z", "NEW", 9))
    assert ledger.value("a", "closed_at") == to_ms(day(3))


def test_the_same_stage_of_another_funnel_is_another_stage(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 4, pipeline_ref="1"))
    ledger.keep(move(1, "a", "WON", 2, pipeline="0"), move(2, "z", "NEW", 9))
    assert ledger.value("a", "closed_at") == to_ms(day(4))


def test_a_win_newer_than_the_history_is_not_taken_for_an_older_one(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 2))
    ledger.keep(move(1, "a", "WON", 2))
    ledger.keep(deal("a", "WON", 6))
    assert ledger.value("a", "closed_at") == to_ms(day(6))
    ledger.keep(move(2, "z", "NEW", 7))
    assert ledger.value("a", "closed_at") == to_ms(day(2)), "the history says there was no other"


def test_credit_goes_to_who_held_it_at_the_moment_the_history_tells(ledger: Ledger) -> None:
    anna, boris = ledger.hire("7", "Анна"), ledger.hire("8", "Борис")
    ledger.keep(deal("a", "NEW", 2))
    ledger.keep(deal("a", "WON", 5, owner_ref="8"))
    assert ledger.value("a", "closed_by") == boris
    ledger.keep(move(1, "a", "WON", 2), move(2, "z", "NEW", 9))
    assert ledger.value("a", "closed_by") == anna


def test_rows_read_again_change_nothing(ledger: Ledger) -> None:
    rows = [move(1, "a", "NEW", 1), move(2, "a", "WON", 3)]
    ledger.keep(deal("a", "WON", 5))
    ledger.keep(*rows)
    ledger.forget_journal()
    before = stored(ledger.store, "stage_change"), stored(ledger.store, "deal")
    assert ledger.keep(*rows) == 0
    assert (stored(ledger.store, "stage_change"), stored(ledger.store, "deal")) == before
    assert not stored(ledger.store, "deal_journal")


@pytest.fixture(scope="module")
def quick_store() -> Iterator[Store]:
    store = open_quick_store()
    yield store
    store.close()


VERSIONS = [
    deal("a", "WON", 2),
    deal("a", "NEW", 4),
    deal("a", "WON", 8),
    deal("b", "LOSE", 6),
]
MOVES = [
    move(1, "a", "NEW", 1),
    move(2, "a", "WON", 2),
    move(3, "b", "LOSE", 3),
    move(4, "a", "NEW", 4),
    move(5, "a", "WON", 5),
    move(6, "c", "NEW", 9),
]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_in_whatever_order_the_streams_are_read_the_end_is_the_same(
    quick_store: Store, data: st.DataObject
) -> None:
    empty(quick_store, TABLES)
    ledger = Ledger(quick_store)
    keep_in_drawn_order(ledger, data, VERSIONS, MOVES)
    found = {ref: row["closed_at"] for ref, row in ledger.rows().items()}
    assert found == {"a": to_ms(day(5)), "b": to_ms(day(3))}
    assert ledger.journalled() == ledger.counted()
