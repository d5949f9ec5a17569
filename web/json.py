"""The board as JSON, for dashboards: the same values the page shows."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from web.board import Board, Cell, Column, Row
from web.number import MONEY, RATIO


def board_json(board: Board) -> dict[str, Any]:
    """Keys in English; money as text with two decimals, unknown as null with its state."""
    return {
        "month": board.month.isoformat(),
        "before": board.before.isoformat(),
        "currency": board.currency,
        "timezone": board.timezone,
        "made_at": board.made_at.isoformat(),
        "sources": [
            {"name": each.name, "as_of": _moment(each.as_of), "stale": each.stale}
            for each in board.sources
        ],
        "metrics": [_column(each) for each in board.columns],
        "team": _row(board.team, board),
        "managers": [_row(each, board) for each in board.rows],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "metric": column.metric,
        "title": column.title,
        "category": column.category,
        "unit": column.unit,
    }


def _row(row: Row, board: Board) -> dict[str, Any]:
    values = {
        column.metric: {
            "now": _cell(row.now[column.metric], column),
            "before": _cell(row.before[column.metric], column),
        }
        for column in board.columns
    }
    return {"manager": row.name, "manager_id": row.manager_id, "values": values}


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    return {
        "value": None if cell.value is None else _number(cell.value, column.unit),
        "state": cell.state,
        "covered_at": _moment(cell.covered_at),
    }


def _number(value: Decimal, unit: str) -> str | int | float:
    if unit == MONEY:
        return f"{value:.2f}"
    if value == value.to_integral_value() and unit != RATIO:
        return int(value)
    places = Decimal("0.0001") if unit == RATIO else Decimal("0.01")
    return float(value.quantize(places, ROUND_HALF_UP))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
