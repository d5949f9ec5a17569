"""Rows of the fact tables, made without any connector."""

from store.store import Store
from store.table import CALL, DEAL
from store.upsert import Row, row_hash

MS = 1_790_000_000_000


def deal_row(source_id: int, ref: str, amount: int = 100, *, owner: str | None = "7") -> Row:
    """An open deal."""
    values = {
        "source_id": source_id,
        "ref": ref,
        "pipeline_ref": "0",
        "stage_ref": "NEW",
        "state": 0,
        "amount": amount,
        "currency": "RUB",
        "base_amount": amount,
        "owner_ref": owner,
        "created_at": MS,
        "updated_at": MS,
        "created_day": 20260921,
        "created_by": 1,
        "is_repeat": 0,
    }
    row = tuple(values.get(column.name) for column in DEAL.columns if column.name != "row_hash")
    return (*row, row_hash(row))


def call_row(source_id: int, ref: str, manager_id: int = 0, talk_s: int = 0) -> Row:
    """An incoming call as one person, or the team, saw it."""
    head = (source_id, ref, manager_id, 20260921, MS, 1, talk_s, f"leg {ref}")
    row: Row = (*head, None, None, talk_s, None, None, 1, 0, None, None, None, 0, None, None)
    return (*row, row_hash(row))


def stored(store: Store, table: str) -> list[Row]:
    """Every row of a table."""
    named = CALL if table == CALL.name else DEAL if table == DEAL.name else None
    with store.read() as tx:
        name = table if named is None else tx.dialect.identifier_preparer.format_table(named)
        return [tuple(row) for row in tx.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
