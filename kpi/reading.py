"""Reads sums for spans of days: from the cells, or from the facts where no cell keeps a sum."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from kpi.catalog import Catalog
from kpi.cell import Cells
from kpi.contribution import Scope, total
from kpi.metric import Measure
from kpi.period import Span, pieces
from store.moment import day_number

Sums = dict[tuple[date, int], dict[Measure, int]]
"""By first day of the span and manager; a sum that is not there is 0."""


def read_sums(
    tx: Connection,
    catalog: Catalog,
    cells: Cells | None,
    measures: Sequence[Measure],
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
) -> Sums:
    """The sums of every span and manager; a whole month's board is one indexed query."""
    found: Sums = {}
    place = placer(spans)

    def add(rows: Iterable[Any], of: Sequence[Measure]) -> None:
        for day, manager_id, *amounts in rows:
            key = (place(day), manager_id)
            sums = found.get(key)
            if sums is None:
                found[key] = dict(zip(of, amounts, strict=True))
                continue
            for measure, amount in zip(of, amounts, strict=True):
                sums[measure] = sums.get(measure, 0) + amount

    known = catalog.columns if cells is not None else {}
    kept = [each for each in measures if each in known]
    rest = [each for each in measures if each not in known]
    if cells is not None and kept:
        columns = [catalog.columns[each] for each in kept]
        add(_kept_rows(tx, cells, columns, spans, manager_ids), kept)
    if rest and spans:
        scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
        query = total({each: f"sum_{index}" for index, each in enumerate(rest)}, scope=scope)
        add(tx.execute(query), rest)
    return found


def placer(spans: Sequence[Span]) -> Callable[[int], date]:
    """The first day of the span to which a day YYYYMMDD belongs."""
    starts = [day_number(span.first) for span in spans]
    return cache(lambda day: spans[bisect_right(starts, day) - 1].first)


def _kept_rows(
    tx: Connection,
    cells: Cells,
    columns: Sequence[str],
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
) -> Iterator[Any]:
    """(first day of the cell, manager_id, every column)"""
    for kind, first, last in _runs(spans):
        table = cells.day if kind == "day" else cells.period
        start = table.c.day if kind == "day" else table.c.start_day
        query = select(start, table.c.manager_id, *(table.c[name] for name in columns))
        query = query.where(start.between(day_number(first), day_number(last)))
        if kind != "day":
            query = query.where(table.c.kind == kind)
        if manager_ids is not None:
            query = query.where(table.c.manager_id.in_(manager_ids))
        for rows in tx.execute(query).partitions(1_000):
            yield from rows


def _runs(spans: Iterable[Span]) -> Iterator[tuple[str, date, date]]:
    """The pieces of the spans; neighbours of one kind are read at once."""
    run: tuple[str, date, date] | None = None
    for kind, first, last in (piece for span in spans for piece in pieces(span)):
        if run is not None and run[0] == kind:
            run = (kind, run[1], last)
            continue
        if run is not None:
            yield run
        run = (kind, first, last)
    if run is not None:
        yield run
