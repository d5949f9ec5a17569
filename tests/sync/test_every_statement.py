"""A whole story of reading and counting, ended at its first statement, its second, its third..."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from kpi.catalog import load_catalog
from kpi.engine import rebuild, refresh
from store.error import StoreError
from store.fact import DealState
from store.store import Store
from sync.pipeline import Pass
from sync.sweep import sweep_stream
from tests.store.quick import open_quick_store
from tests.store.row import stored
from tests.sync.ledger import empty
from tests.sync.scripted import DEALS, Kill, Remote, source

CATALOG = load_catalog()
TABLES = ("deal_journal", "call_journal", "deal", "call", "call_leg", "owner_change", "quarantine",
          "receipt", "stream", "mark", "alias", "account", "manager")  # fmt: skip


def _die() -> None:
    raise Kill


def _full() -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.fixture(scope="module")
def quick_store() -> Iterator[Store]:
    store = open_quick_store()
    yield store
    store.close()


@contextmanager
def _at_statement(store: Store, number: int, act: Callable[[], None]) -> Iterator[list[int]]:
    statements = [0]

    def tick(*_given: Any) -> None:
        statements[0] += 1
        if statements[0] == number:
            act()

    event.listen(store.engine, "before_cursor_execute", tick)
    event.listen(store.engine, "commit", tick)
    try:
        yield statements
    finally:
        event.remove(store.engine, "before_cursor_execute", tick)
        event.remove(store.engine, "commit", tick)


def _remote() -> Remote:
    remote = Remote()
    for ref in ("7", "8"):
        remote.hire(ref, f"Менеджер {ref}")
    for ref in "abc":
        remote.create(ref, "7", 100)
    remote.ring("1", user="7", talk=30)
    remote.ring("2", call="call 1", user="8", talk=10)
    remote.change("c", senseless=True)
    return remote


def _read_and_count(store: Store, remote: Remote) -> None:
    Pass(source=source(store, remote)).run()
    refresh(store, CATALOG)


def _change(remote: Remote) -> None:
    remote.now += timedelta(hours=1)
    remote.change("a", state=DealState.WON, owner="8")
    remote.change("c", senseless=False)
    remote.delete("b")
    remote.ring("2", call="call 2", user="8", talk=10)
    remote.now += timedelta(hours=1)


def _tell(store: Store, remote: Remote) -> None:
    """The first read, changes, a second read, a sweep, and counting after each."""
    _read_and_count(store, remote)
    _change(remote)
    _read_and_count(store, remote)
    sweep_stream(source(store, remote), DEALS)
    refresh(store, CATALOG)


def _end(store: Store, remote: Remote) -> tuple[Any, ...]:
    """What stands in the store after quiet cycles, with cells that a rebuild finds right."""
    if "b" in remote.deals:
        _change(remote)
    for _ in range(2):
        _read_and_count(store, remote)
    sweep_stream(source(store, remote), DEALS)
    refresh(store, CATALOG)
    assert not rebuild(store, CATALOG), "the cells were wrong"
    deals = {row[1]: (row[4:9], row[14] is None) for row in stored(store, "deal")}
    return deals.get("a"), deals.get("c"), deals.get("b", (None, False))[1], _calls(store)


def _calls(store: Store) -> list[Any]:
    return sorted((row[1], row[2] == 0, row[6]) for row in stored(store, "call"))


def _is_cut(store: Store, remote: Remote, number: int, act: Callable[[], None]) -> bool:
    """Whether the story has such a statement, and ended at it."""
    with _at_statement(store, number, act) as statements:
        try:
            _tell(store, remote)
        except (Kill, StoreError, sqlite3.OperationalError):
            return True
    assert statements[0] < number, "what a statement met was swallowed"
    return False


@pytest.mark.parametrize(
    ("act", "first", "step"),
    [
        pytest.param(_die, 1, 31, id="a sample-die"),
        pytest.param(_full, 12, 31, id="a sample-full"),
        pytest.param(_die, 1, 7, id="die", marks=pytest.mark.long),
        pytest.param(_full, 4, 7, id="full", marks=pytest.mark.long),
    ],
)
def test_ended_at_any_statement_the_next_start_converges(
    quick_store: Store, act: Callable[[], None], first: int, step: int
) -> None:
    empty(quick_store, TABLES)
    _tell(quick_store, remote := _remote())
    wanted = _end(quick_store, remote)
    for number in count(first, step):
        empty(quick_store, TABLES)
        if not _is_cut(quick_store, remote := _remote(), number, act):
            break
        assert _end(quick_store, remote) == wanted, number
    assert number > 100
