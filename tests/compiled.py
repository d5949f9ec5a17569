"""SQL that one test has compiled is not compiled again for the next: it was half of their time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Engine, create_engine

MANY = 3000


@contextmanager
def sql_compiled_once() -> Iterator[None]:
    """Every SQLite store that is opened meanwhile speaks with one dialect and one cache."""
    model = create_engine("sqlite://", query_cache_size=MANY)
    model.connect().close()  # the dialect asks SQLite for its version

    def create(url: str, **more: Any) -> Engine:
        engine = create_engine(url, **more)
        if engine.dialect.name == model.dialect.name:
            engine.dialect = model.dialect
            engine._compiled_cache = model._compiled_cache
        return engine

    with (
        mock.patch("store.store.create_engine", create),
        mock.patch("kpi.cell._ONCE", {}),
    ):
        yield
    model.dispose()
