"""Indexes that hold some rows of a table only."""

from sqlalchemy import Connection, Index, MetaData, event, text
from sqlmodel import SQLModel

OF_LEAD = "substr(client_ref, 1, 5) = 'lead:'"
OF_TEAM = "manager_id = 0"
IS_WON = "state = 1 AND removed_at IS NULL"
"""Which rows some indexes have: a query uses them only if it says the same in the same words."""


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that meet a condition in SQL."""
    return Index(name, *columns, info={"where": where})


def state_conditions(*dialects: str) -> None:
    """Tells these databases the conditions of all partial indexes.

    Not where they are declared: SQLAlchemy would load every database that is named there.
    """
    indexes = (index for table in SQLModel.metadata.tables.values() for index in table.indexes)
    for index in indexes:
        for dialect in dialects if index.info else ():
            index.dialect_options[dialect]["where"] = text(index.info["where"])


@event.listens_for(SQLModel.metadata, "before_create")
def _before_create(_tables: MetaData, connection: Connection, **_given: object) -> None:
    state_conditions(connection.dialect.name)
