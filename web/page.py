"""A board turned into HTML: which words, which order, which marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from web.board import UNKNOWN, Board, Cell, Column, Evidence, Explanation, Row, SourceAge
from web.chart import bullet, pace
from web.heading import short_title
from web.number import MONEY, RATIO, SECONDS, NumberFormat, symbol
from web.text import Text

CARDS = ("revenue", "deals_won", "win_rate", "average_deal", "calls_120s")
"""KPIs of the team shown large, as far as the board has them."""
BAR = "revenue"
_CATEGORIES = ("result", "conversion", "quality", "activity")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A cell as it appears: its text, a longer note, and its kind (value, nothing, unknown)."""

    text: str
    note: str
    kind: str
    partial: bool = False


@cache
def environment() -> Environment:
    """The templates of this room, escaping everything."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Page:
    """Renders pages in one language; holds nothing of the reader's."""

    def __init__(self, language: str) -> None:
        self.text = Text(language)
        text = self.text
        self.number = NumberFormat(
            "." if language == "en" else ",", text("hours"), text("minutes"), text("seconds")
        )

    def board(self, board: Board, sort: str, *, ascending: bool) -> str:
        """The team's board; `sort` is a metric id or `name`, unknown values come last."""
        columns = in_groups(board.columns)
        return self._render(
            "board.html.j2",
            board=board,
            groups=[(name, list(part)) for name, part in groupby(columns, _category)],
            columns=columns,
            rows=in_order(board.rows, sort, ascending=ascending),
            cards=[self._card(board, column) for column in _cards(board.columns)],
            sort=sort,
            ascending=ascending,
            bars=self._bars(board),
            show=lambda cell, column: self.show(cell, column, board, narrow=True),
            link=lambda **query: link(board, **query),
            next_month=next_month(board.month),
            head=self._head,
            age=lambda source: self._age(source, board),
            moment=lambda at: self.moment(at, board.timezone, board.today),
            symbol=symbol(board.currency),
            day=min(board.today.day, _days(board.before)),
            sample=bullet(Decimal(70), Decimal(85), Decimal(100)),
        )

    def explanation(self, explanation: Explanation, board: Board) -> str:
        """The records behind one number."""
        return self._render(
            "explain.html.j2",
            explanation=explanation,
            board=board,
            shown=self.show(explanation.cell, explanation.column, board),
            moment=lambda at: self.moment(at, board.timezone, board.today),
            link=lambda **query: link(board, **query),
            label=self._label,
            amount=lambda value, column: self._amount(value, column, board.currency),
            symbol=symbol(board.currency),
        )

    def login(self, *, refused: bool) -> str:
        """The form that asks for the token."""
        return self._render("login.html.j2", refused=refused)

    def error(self, status: int) -> str:
        """A quiet page about what did not work."""
        return self._render("error.html.j2", status=status)

    def show(self, cell: Cell, column: Column, board: Board, *, narrow: bool = False) -> Shown:
        """What stands in a cell: unknown is words, nothing to measure a dash, never a zero."""
        if cell.state == "unknown":
            return Shown(text=self.text("unknown"), note=self.text("unknown_note"), kind="unknown")
        partial = cell.state == "partial"
        notes = [self._partial_note(cell, board)] if partial else []
        if cell.value is None:
            notes.append(self.text("nothing"))
            return Shown(text="—", note="; ".join(notes), kind="nothing", partial=partial)
        exact = self.number.exact(cell.value, column.unit, board.currency)
        return Shown(
            text=self.number.value(cell.value, column.unit, narrow=narrow),
            note="; ".join([exact, *self._parts_note(cell, column), *notes]),
            kind="value",
            partial=partial,
        )

    def moment(self, at: datetime, timezone: str, today: date) -> str:
        """`14:05` today, `20 ноября, 14:05` before, in the zone of the settings."""
        local = at.astimezone(ZoneInfo(timezone))
        clock = f"{local:%H:%M}"
        return clock if local.date() == today else f"{self.text.day(local.date())}, {clock}"

    def _render(self, template: str, **values: object) -> str:
        return environment().get_template(template).render(t=self.text, **values)

    def _label(self, record: Evidence) -> str:
        return self.text(record.fact if self.text.has(record.fact) else "other", ref=record.ref)

    def _amount(self, value: Decimal | None, column: Column, currency: str) -> str:
        if value is None:
            return self.text("no_rate")
        return self.number.exact(value, column.unit, currency)

    def _partial_note(self, cell: Cell, board: Board) -> str:
        if cell.covered_at is None:
            return self.text("partial_since")
        moment = self.moment(cell.covered_at, board.timezone, board.today)
        return self.text("partial_until", moment=moment)

    def _parts_note(self, cell: Cell, column: Column) -> list[str]:
        if cell.parts is None or column.unit == MONEY:
            return []
        part, whole = (self.number.whole(value) for value in cell.parts)
        return [self.text("part_of", part=part, whole=whole)]

    def _head(self, column: Column, board: Board) -> str:
        short = short_title(column.metric, column.title, self.text.language)
        if column.unit == MONEY:
            return f"{short}, {symbol(board.currency)}"
        return f"{short}, {self.text('clock')}" if column.unit == SECONDS else short

    def _age(self, source: SourceAge, board: Board) -> str:
        if source.as_of is None:
            return self.text("never_read")
        at = self.text("as_of", time=self.moment(source.as_of, board.timezone, board.today))
        return f"{at}, {self.text.ago((board.made_at - source.as_of).total_seconds())}"

    def _bars(self, board: Board) -> dict[int | None, Markup]:
        cells = [(row.manager_id, row.now.get(BAR), row.before.get(BAR)) for row in board.rows]
        values = [cell.value for _, now, before in cells for cell in (now, before) if cell]
        top = max((value for value in values if value is not None), default=Decimal(0))
        return {
            person: bullet(now.value, before.value if before else None, top)
            for person, now, before in cells
            if now and now.value is not None
        }

    def _card(self, board: Board, column: Column) -> dict[str, object]:
        now, before = board.team.now[column.metric], board.team.before[column.metric]
        pace_ = board.pace.get(column.metric)
        label = self.text(
            "pace",
            title=column.title,
            now=self.text.month_name(board.month),
            before=self.text.month_name(board.before),
        )
        return {
            "column": column,
            "now": self.show(now, column, board),
            "before": self.show(before, column, board),
            "to_day": self._to_day(board, column),
            "parts": self._parts_note(now, column),
            "chart": pace(pace_.now, pace_.before, label) if pace_ else _level(now, before, column),
        }

    def _to_day(self, board: Board, column: Column) -> dict[str, object] | None:
        pace_ = board.pace.get(column.metric)
        if pace_ is None or board.month != board.today.replace(day=1):
            return None
        cell, now = pace_.before_to_day, board.team.now[column.metric]
        if cell.value is None or cell.state == "unknown":
            return None
        change = self.number.change(now.value, cell.value) if now.value is not None else None
        return {"shown": self.show(cell, column, board), "change": change}


def in_groups(columns: Sequence[Column]) -> list[Column]:
    """Columns by category, in the order of the page; within one, as they came."""
    return sorted(columns, key=lambda column: (_rank(column.category), column.metric != BAR))


def in_order(rows: Sequence[Row], sort: str, *, ascending: bool) -> list[Row]:
    """Rows by a metric (greatest first unless `ascending`) or by name; the valueless come last."""
    listed = sorted(rows, key=lambda row: row.name)
    if sort == "name":
        return listed if ascending else listed[::-1]
    values = {row.manager_id: row.now.get(sort, UNKNOWN).value for row in listed}
    known = [row for row in listed if values[row.manager_id] is not None]
    rest = [row for row in listed if values[row.manager_id] is None]
    known.sort(key=lambda row: values[row.manager_id] or 0, reverse=not ascending)
    return known + rest


def link(board: Board, **query: object) -> str:
    """The address of a page of this month; a query value of None is left out."""
    path = "explain" if "metric" in query else "."
    month = None if board.month == board.today.replace(day=1) else f"{board.month:%Y-%m}"
    given = {"month": month, **query}
    text = urlencode({key: value for key, value in given.items() if value is not None})
    return f"{path}?{text}" if text else path


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _level(now: Cell, before: Cell, column: Column) -> Markup:
    values = [value for value in (now.value, before.value) if value is not None]
    top = Decimal(1) if column.unit == RATIO else max(values, default=Decimal(0)) * Decimal("1.25")
    return bullet(now.value, before.value, top)


def _days(month: date) -> int:
    return (next_month(month) - month).days


def _category(column: Column) -> str:
    return column.category


def _rank(category: str) -> int:
    return _CATEGORIES.index(category) if category in _CATEGORIES else len(_CATEGORIES)


def _cards(columns: Sequence[Column]) -> list[Column]:
    by_id = {column.metric: column for column in columns}
    chosen = [by_id[metric] for metric in CARDS if metric in by_id]
    return chosen or list(by_id.values())[:5]
