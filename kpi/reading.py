"""Reads sums for spans of days: from the cells, or from the facts where no cell keeps a sum."""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


class Line(Mapping[Measure, int]):
    """The sums of one span and manager. `places` tells where each stands: all lines share it, so
    that a sum nobody asks for costs no look-up."""

    __slots__ = ("_amounts", "_places")

    def __init__(self, places: Mapping[Measure, int]) -> None:
        self._places = places
        self._amounts = [0] * len(places)

    def add(self, first: int, amounts: Sequence[int]) -> None:
        """Adds amounts to the sums from the place `first` on."""
        places = slice(first, first + len(amounts))
        self._amounts[places] = map(operator.add, self._amounts[places], amounts)

    def __getitem__(self, measure: Measure) -> int:
        return self._amounts[self._places[measure]]

    def __iter__(self) -> Iterator[Measure]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


Sums = Mapping[tuple[date, int], Mapping[Measure, int]]
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
    found: dict[tuple[date, int], Line] = {}
    place = placer(spans)
    known = catalog.columns if cells is not None else {}
    asked = dict.fromkeys(measures)
    kept = [each for each in asked if each in known]
    rest = [each for each in asked if each not in known]
    places = {each: number for number, each in enumerate((*kept, *rest))}

    def add(rows: Iterable[Any], first: int) -> None:
        for day, manager_id, *amounts in rows:
            key = (place(day), manager_id)
            line = found.get(key)
            if line is None:
                found[key] = line = Line(places)
            line.add(first, amounts)

    if cells is not None and kept:
        columns = [catalog.columns[each] for each in kept]
        add(_kept_rows(tx, cells, columns, spans, manager_ids), 0)
    if rest and spans:
        scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
        query = total({each: f"sum_{index}" for index, each in enumerate(rest)}, scope=scope)
        add(tx.execute(query), len(kept))
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
