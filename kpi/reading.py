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


class Sums:
    """Sums by span and manager: a row of numbers for each pair, each sum at its place in it."""

    def __init__(self, places: Mapping[Measure, int]) -> None:
        self.places = places
        self._rows: dict[tuple[date, int], list[int]] = {}
        self._nothing = (0,) * len(places)

    def row(self, first: date, manager_id: int) -> Sequence[int]:
        """The sums of the span that begins on this day, all 0 where nothing was counted."""
        return self._rows.get((first, manager_id), self._nothing)

    def add(self, first: date, manager_id: int, place: int, amounts: Sequence[int]) -> None:
        """Adds amounts to the sums from this place on."""
        row = self._rows.get((first, manager_id))
        after = place + len(amounts)
        if row is None:
            before, rest = self._nothing[:place], self._nothing[after:]
            self._rows[first, manager_id] = [*before, *amounts, *rest]
        else:
            row[place:after] = map(operator.add, row[place:after], amounts)


def read_sums(
    tx: Connection,
    catalog: Catalog,
    cells: Cells | None,
    measures: Sequence[Measure],
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
) -> Sums:
    """The sums of every span and manager; a whole month's board is one indexed query."""
    place = placer(spans)
    known = catalog.columns if cells is not None else {}
    asked = dict.fromkeys(measures)
    kept = [each for each in asked if each in known]
    rest = [each for each in asked if each not in known]
    found = Sums({each: number for number, each in enumerate((*kept, *rest))})
    if cells is not None and kept:
        columns = [catalog.columns[each] for each in kept]
        for day, manager_id, *amounts in _kept_rows(tx, cells, columns, spans, manager_ids):
            found.add(place(day), manager_id, 0, amounts)
    if rest and spans:
        scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
        query = total({each: f"sum_{index}" for index, each in enumerate(rest)}, scope=scope)
        for day, manager_id, *amounts in tx.execute(query):
            found.add(place(day), manager_id, len(kept), amounts)
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
