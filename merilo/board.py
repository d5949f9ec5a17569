"""Prints values as a table: managers in rows, metrics in columns, the team in the last line."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

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
    names = [
        Column(head, [row[at] for row in rows], right=False)
        for at, head in enumerate((phrase.word("period"), phrase.word("manager"), ""))
        if any(row[at] for row in rows)
    ]
    columns = [
        Column(phrase.title(metric), [cells.get(metric.name, "") for cells in rows.values()])
        for metric in metrics
    ]
    for part in _parts(columns, console.width - sum(each.width + _GAP for each in names)):
        console.out("\n".join(_lines([*names, *part])), highlight=False)
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
    """A column of texts: as wide as its widest number or word, so its title may take lines."""

    def __init__(self, title: str, texts: Sequence[str], *, right: bool = True) -> None:
        self.texts = texts
        self.width = max(map(cell_len, [*title.split(" "), *texts]))
        self.title = wrap(title, self.width)
        self._right = right

    def cell(self, text: str) -> str:
        """The text at the side of the column where it belongs."""
        rest = " " * (self.width - cell_len(text))
        return rest + text if self._right else text + rest


def _lines(columns: Sequence[Column]) -> Iterator[str]:
    """A table beside whose rows rich's own takes a hundred times as long."""
    height = max(len(each.title) for each in columns)
    titles = [[""] * (height - len(each.title)) + each.title for each in columns]
    yield ""
    yield from _rows(columns, zip(*titles, strict=True))
    yield " " + "─" * (sum(each.width for each in columns) + _GAP * (len(columns) - 1))
    yield from _rows(columns, zip(*(each.texts for each in columns), strict=True))
    yield ""


def _rows(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        cells = [column.cell(text) for column, text in zip(columns, row, strict=True)]
        yield (" " + (" " * _GAP).join(cells)).rstrip()


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
