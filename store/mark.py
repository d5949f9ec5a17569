"""Named values the program remembers between runs."""

from sqlalchemy import Connection, delete, insert, select

from store.bookkeeping import MarkRow
from store.table import table_of

_MARK = table_of(MarkRow)

REBUILD = "kpi.rebuild"
"""The mark that asks the KPI engine to count everything anew. Whoever changes facts without
journalling them sets it in the same transaction, so the cells are never silently behind."""


def read_mark(tx: Connection, name: str) -> str | None:
    """The remembered value, or None."""
    return tx.execute(select(_MARK.c.value).where(_MARK.c.name == name)).scalar()


def write_mark(tx: Connection, name: str, value: str) -> None:
    """Remembers the value under the name."""
    clear_mark(tx, name)
    tx.execute(insert(_MARK).values(name=name, value=value))


def clear_mark(tx: Connection, name: str) -> None:
    """Forgets the name; nothing happens if it was not known."""
    tx.execute(delete(_MARK).where(_MARK.c.name == name))
