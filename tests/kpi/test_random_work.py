"""Whatever happens to facts, adding up changes gives what counting everything anew gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi.catalog import Catalog
from kpi.engine import rebuild, refresh
from store.mark import REBUILD, write_mark
from store.store import Store, open_store
from tests.kpi.random_work import Work, kept_cells, kept_facts
from tests.store.quick import open_quick_store

BATCH, EVERY_SETTINGS, EVERY_REBUILD = 200, 18, 30


@pytest.fixture
def quick() -> Iterator[Store]:
    opened = open_quick_store()
    yield opened
    opened.close()


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(postgres_url, tmp_path)
    yield opened
    opened.close()


def check(store: Store, catalog: Catalog, *, changes: int, seed: int, size: int = BATCH) -> None:
    work = Work(store, seed)
    refresh(store, catalog)
    folded = number = 0
    while work.made < changes:
        number += 1
        work.batch(size)
        if number % EVERY_SETTINGS == 0:
            work.change_settings()
        folded += refresh(store, catalog).folded
        if number % EVERY_REBUILD == 0:
            assert rebuild(store, catalog) is False, number
    assert folded > changes
    added_up, facts = kept_cells(store, catalog), kept_facts(store)
    with store.write() as tx:
        write_mark(tx, REBUILD, "test")
    assert refresh(store, catalog).rebuilt
    assert kept_cells(store, catalog) == added_up
    work.there_and_back()
    assert kept_facts(store) == facts
    refresh(store, catalog)
    assert kept_cells(store, catalog) == added_up


def test_added_up_is_counted_anew(quick: Store, catalog: Catalog) -> None:
    check(quick, catalog, changes=1_500, seed=1, size=50)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_fifty_thousand_changes_on_sqlite(quick: Store, catalog: Catalog) -> None:
    check(quick, catalog, changes=50_000, seed=2)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fifty_thousand_changes_on_postgresql(postgres: Store, catalog: Catalog) -> None:
    check(postgres, catalog, changes=50_000, seed=3)
