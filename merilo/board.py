"""Prints values as a table: managers in rows, metrics in columns, the team in the last line."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpi.explain import Part, Record
from kpi.metric import Metric
from kpi.value import Value
from merilo.phrase import PARTIAL, Phrase

_WIDE = 400
_GAP = 3

Row = tuple[str, str, str]
"""Period, manager and the value of a dimension, as printed."""


def open_console() -> Console:
    """Standard output; into a file or a pipe lines are as long as they need to be."""
    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)


def print_board(
    values: Sequence[Value],
    metrics: Sequence[Metric],
    phrase: Phrase,
    console: Console | None = None,
) -> None:
    """Prints the values; metrics that do not fit beside each other go into a table below."""
    console = console or open_console()
    rows: dict[Row, dict[str, str]] = {}
    by_period = any(value.by != "total" for value in values)
    for value in values:
        period = phrase.day(value.period) if by_period else ""
        row = period, value.manager or phrase.word("team"), phrase.of(value.of)
        rows.setdefault(row, {})[value.metric] = phrase.value(value)
    heads = {0: phrase.word("period")} if by_period else {}
    heads[1] = phrase.word("manager")
    if any(of for _, _, of in rows):
        heads[2] = ""
    names = [_width([head, *(row[at] for row in rows)]) for at, head in heads.items()]
    columns = [Column(metric, phrase.title(metric), rows) for metric in metrics]
    for part in _parts(columns, console.width - sum(names) - _GAP * len(names)):
        console.print(_table(heads, part, rows))
    partial = [value for value in values if value.state == "partial"]
    if partial:
        read = f"{phrase.word('read')}: {phrase.coverage(partial)}"
        console.print(Text(f"{PARTIAL} {phrase.word('partial')} merilo explain; {read}"))


def records_table(part: Part, title: str, phrase: Phrase) -> Table:
    """The records of one part of an explanation, and their sum in the last line."""
    title = f"{title}: {phrase.of(part.of)}" if part.of else title
    sides = ", ".join(phrase.word(side) for side in part.sides)
    title = f"{title} ({sides})" if sides else title
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=Text(title), title_justify="left")
    for name in ("when", "source", "record", "contribution", "link"):
        right = name == "contribution"
        table.add_column(phrase.word(name), no_wrap=True, justify="right" if right else "left")
    for record in part.records:
        amount = record.contribution
        table.add_row(
            phrase.moment(record.at),
            Text(record.source),
            Text(_ref(record, phrase)),
            phrase.word("no rate") if amount is None else phrase.number(amount, part.unit),
            Text(record.link or ""),
        )
    table.add_section()
    table.add_row(phrase.word("total"), "", "", phrase.number(part.total, part.unit), "")
    return table


def _ref(record: Record, phrase: Phrase) -> str:
    """The record's id, and what the other system says of a call or letter that two tell of."""
    twin = record.twin
    if twin is None:
        return record.ref
    talk = "" if twin.talk_s is None else f" ({phrase.number(twin.talk_s, 'seconds')})"
    return f"{record.ref} = {twin.source}:{twin.ref}{talk}"


class Column:
    """A metric's column: as wide as its widest number or word, so the title may take lines."""

    def __init__(self, metric: Metric, title: str, rows: Mapping[Row, Mapping[str, str]]) -> None:
        self.name = metric.name
        self.title = title
        shown = (cells.get(metric.name, "") for cells in rows.values())
        self.width = _width([*title.split(" "), *shown])


def _table(
    heads: Mapping[int, str], columns: Sequence[Column], rows: Mapping[Row, Mapping[str, str]]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads.values():
        table.add_column(Text(head), no_wrap=True)
    for column in columns:
        table.add_column(Text(column.title), justify="right", width=column.width)
    for row, cells in rows.items():
        shown = [Text(row[at]) for at in heads]
        table.add_row(*shown, *(Text(cells.get(column.name, "")) for column in columns))
    return table


def _parts(columns: Sequence[Column], room: int) -> Iterator[list[Column]]:
    """As many columns at a time as fit into `room` characters."""
    part: list[Column] = []
    left = room
    for column in columns:
        if part and column.width + _GAP > left:
            yield part
            part, left = [], room
        part.append(column)
        left -= column.width + _GAP
    if part:
        yield part


def _width(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts))
