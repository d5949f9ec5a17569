"""SQLite reads facts in the order of their indexes, and sorts only what it counted of them."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.engine import refresh
from store.store import Store

COUNTED = ("calls_120s", "talk_time", "emails_sent", "meetings_held", "leads_created",
           "quotes_created", "deals_created", "deals_won", "revenue")  # fmt: skip


def plan(tx: Connection, statement: Any) -> list[str]:
    compiled = statement.compile(
        dialect=sqlite.dialect(),
        compile_kwargs={"literal_binds": True},
    )
    return [row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]


def test_facts_are_grouped_in_the_order_of_an_index(store: Store, catalog: Catalog) -> None:
    few = Catalog({name: catalog.find(name) for name in COUNTED})
    cells = cells_of(few)
    refresh(store, few)
    with store.read() as tx:
        steps = plan(tx, cells.fill())
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "anon" not in step]
    # Calls once; letters, meetings, leads, quotes and both moments of deals for people and team.
    assert len(reads) == 1 + 6 * 2, steps
    assert all("INDEX" in step for step in reads), steps
    # What was counted is sorted once, to be put together; the facts never are.
    assert steps.count("USE TEMP B-TREE FOR GROUP BY") == 1, steps


def test_a_board_is_one_search_in_an_index(store: Store, catalog: Catalog) -> None:
    cells = cells_of(catalog)
    refresh(store, catalog)
    period = cells.period
    query = period.select().where(
        period.c.kind == "month", period.c.start_day.between(20261001, 20261001)
    )
    with store.read() as tx:
        (step,) = plan(tx, query)
    assert step.startswith("SEARCH kpi_period USING INDEX"), step
