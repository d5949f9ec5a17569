"""Runs the migrations on the connection that `store.migration` hands over."""

from alembic import context
from sqlmodel import SQLModel

import store.bookkeeping
import store.table  # noqa: F401
from store.partial_index import state_conditions

state_conditions("sqlite", "postgresql")
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    # The engine's cells are a cache that `kpi` builds for itself.
    include_name=lambda name, kind, _parents: kind != "table" or not str(name).startswith("kpi_"),
)
with context.begin_transaction():
    context.run_migrations()
