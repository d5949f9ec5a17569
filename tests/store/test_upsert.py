"""Only changed rows are touched, and the journal is exactly what changed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from store import directory
from store.moment import EPOCH
from store.record import live_refs, remove
from store.store import Store
from store.table import CALL, DEAL, JOURNAL
from store.upsert import Row, chunks, delete_rows, find_rows, put_rows, row_hash
from tests.store.row import call_row, deal_row, stored
from tests.store.steps import steps_of

REFS = st.sampled_from(["1", "2", "3", "ключ'%s\"?"])
PUT = st.tuples(
    st.just("put"), st.lists(st.tuples(REFS, st.integers(0, 2), st.integers(0, 3)), max_size=6)
)
DELETE = st.tuples(
    st.just("delete"), st.lists(st.tuples(REFS, st.integers(0, 2)), unique=True, max_size=4)
)


def _source(store: Store) -> int:
    with store.write() as tx:
        return directory.source_id(tx, "main")


def _net(store: Store, table: str) -> Counter[Row]:
    """The journal's images, added and taken away, without those that cancel out."""
    net: Counter[Row] = Counter()
    for _seq, sign, *image in stored(store, f"{table}_journal"):
        net[tuple(image)] += sign
    return Counter({row: count for row, count in net.items() if count})


def _difference(before: Sequence[Row], after: Sequence[Row]) -> Counter[Row]:
    net = Counter(after)
    net.subtract(before)
    return Counter({row: count for row, count in net.items() if count})


def _clear(tx: Connection) -> None:
    for table in (DEAL, CALL, *JOURNAL.values()):
        tx.execute(table.delete())


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.one_of(PUT, DELETE), max_size=6))
def test_the_journal_is_the_difference_between_after_and_before(
    store: Store, steps: list[tuple[str, list[tuple[Any, ...]]]]
) -> None:
    source = _source(store)
    with store.write() as tx:
        _clear(tx)
        put_rows(tx, CALL, [call_row(source, "1", 0, 9), call_row(source, "2", 1)], journal=False)
    before = stored(store, "call")
    for kind, items in steps:
        with store.write() as tx:
            if kind == "put":
                rows = [call_row(source, ref, who, talk) for ref, who, talk in items]
                put_rows(tx, CALL, rows, journal=True)
            else:
                delete_rows(tx, CALL, [(source, *key) for key in items], journal=True)
    assert _net(store, "call") == _difference(before, stored(store, "call"))


def test_rows_as_they_are_already_are_not_touched(store: Store) -> None:
    source = _source(store)
    rows = [deal_row(source, str(ref)) for ref in range(10)]
    with store.write() as tx:
        assert put_rows(tx, DEAL, rows, journal=False) == 10
    with store.write() as tx:
        assert put_rows(tx, DEAL, rows, journal=False) == 0
        assert put_rows(tx, DEAL, rows, journal=True) == 0
        changed = [*rows[:9], deal_row(source, "9", 500), deal_row(source, "new")]
        assert put_rows(tx, DEAL, changed, journal=True) == 2
    images = sorted((sign, row[1], row[5]) for _seq, sign, *row in stored(store, "deal_journal"))
    assert images == [(-1, "9", 100), (1, "9", 500), (1, "new", 100)]


def test_nothing_to_write_writes_nothing(store: Store) -> None:
    with store.write() as tx:
        assert put_rows(tx, DEAL, [], journal=True) == 0
        delete_rows(tx, CALL, [], journal=True)
    assert stored(store, "deal_journal") == []


def test_of_two_rows_with_one_key_the_last_counts(store: Store) -> None:
    source = _source(store)
    with store.write() as tx:
        put_rows(tx, DEAL, [deal_row(source, "1", 1), deal_row(source, "1", 2)], journal=True)
    assert [row[5] for row in stored(store, "deal")] == [2]
    assert _net(store, "deal") == Counter(stored(store, "deal"))


def test_texts_that_look_like_sql_or_json_are_found_again(store: Store) -> None:
    source = _source(store)
    refs = ["%s", "?", "'; --", '"quoted"', "null", "тест", "a,b", "100%"]
    with store.write() as tx:
        put_rows(tx, DEAL, [deal_row(source, ref) for ref in refs], journal=True)
        put_rows(tx, DEAL, [deal_row(source, ref, 5) for ref in refs], journal=True)
        assert [row[0] for row in find_rows(tx, DEAL, ("ref",), source, ["missing"])] == []
        found = {row[0] for row in find_rows(tx, DEAL, ("ref",), source, refs)}
    assert found == set(refs)


def test_many_are_not_looked_for_one_by_one_where_their_source_has_no_row(
    sqlite_store: Store,
) -> None:
    source = _source(sqlite_store)
    refs = [str(number) for number in range(500)]
    with sqlite_store.write() as tx:
        put_rows(tx, DEAL, [deal_row(directory.source_id(tx, "other"), "1")], journal=False)

    def look(tx: Connection) -> None:
        assert list(find_rows(tx, DEAL, ("ref",), source, refs)) == []

    assert steps_of(sqlite_store, look) < len(refs)
    with sqlite_store.write() as tx:
        put_rows(tx, DEAL, [deal_row(source, "499")], journal=False)
        assert list(find_rows(tx, DEAL, ("ref",), source, refs)) == [("499",)]


def test_another_source_with_the_same_ids_is_left_alone(store: Store) -> None:
    with store.write() as tx:
        one, other = directory.source_id(tx, "one"), directory.source_id(tx, "other")
        put_rows(tx, DEAL, [deal_row(one, "1"), deal_row(other, "1")], journal=False)
        remove(tx, DEAL, one, ["1"], EPOCH)
        assert list(live_refs(tx, DEAL, other)) == ["1"]
        assert list(live_refs(tx, DEAL, one)) == []


def test_a_removed_deal_leaves_and_a_deal_that_comes_back_returns(store: Store) -> None:
    source = _source(store)
    row = deal_row(source, "1")
    with store.write() as tx:
        put_rows(tx, DEAL, [row], journal=True)
        remove(tx, DEAL, source, ["1"], EPOCH)
        assert put_rows(tx, DEAL, [row], journal=True) == 1
    assert stored(store, "deal") == [row]
    assert _net(store, "deal") == Counter([row])


def test_large_numbers_are_kept_exactly(store: Store) -> None:
    source, amount = _source(store), 2**62
    with store.write() as tx:
        put_rows(tx, DEAL, [deal_row(source, "1", amount)], journal=True)
    assert stored(store, "deal")[0][5] == amount


@given(st.tuples(st.text(), st.integers(-(2**63), 2**63 - 1), st.none() | st.text()))
def test_a_hash_fits_a_column_and_tells_rows_apart(row: Row) -> None:
    assert -(2**63) <= row_hash(row) < 2**63
    assert row_hash(row) == row_hash(tuple(row))
    assert row_hash(row) != row_hash((*row, None))


def test_a_hash_is_the_same_in_every_process() -> None:
    assert row_hash((1, "Анна", None)) == -6605907944833820386


@given(st.lists(st.integers()), st.integers(1, 5))
def test_slices_put_together_are_the_whole(items: list[int], size: int) -> None:
    parts = list(chunks(items, size))
    assert [item for part in parts for item in part] == items
    assert all(0 < len(part) <= size for part in parts)


@pytest.mark.parametrize("journal", [True, False])
def test_a_page_that_fails_leaves_nothing(store: Store, journal: bool) -> None:
    source = _source(store)
    with pytest.raises(RuntimeError):
        _put_and_die(store, [deal_row(source, "1")], journal=journal)
    assert stored(store, "deal") == stored(store, "deal_journal") == []


def _put_and_die(store: Store, rows: Sequence[Row], *, journal: bool) -> None:
    with store.write() as tx:
        put_rows(tx, DEAL, rows, journal=journal)
        raise RuntimeError("killed")
