"""Stage history: a row for each creation and move, numbered in the order they happened."""

from collections.abc import Iterable
from typing import NamedTuple

from sandbox.bitrix24.deal import Deal, Deals
from sandbox.bitrix24.field import Field, by_upper
from sandbox.bitrix24.listing import Query, span
from sandbox.bitrix24.stage import semantic

_CREATED, _INTERMEDIATE, _FINAL, _FUNNEL = 1, 2, 3, 5


class Move(NamedTuple):
    """A row of crm.stagehistory.list."""

    id: int
    type: int
    deal: int
    at: float
    category: int
    stage: str


class Moves:
    """Built from the deals' versions when first asked for, then kept up."""

    id_field = "ID"
    time_field = "CREATED_TIME"

    def __init__(self, deals: Deals) -> None:
        self._deals = deals
        self._rows: list[Move] | None = None

    def note(self, deal: Deal) -> None:
        """Add the deal's newest version if it moved, unless nobody has asked yet."""
        if self._rows is not None:
            for move in _moves(deal, len(deal.versions) - 1):
                self._rows.append(move._replace(id=35 + len(self._rows)))

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[Move]:
        """Rows within the bounds of id."""
        low, high = self._bounds(query)
        known = self._known()
        return (known[index] for index in span(low, high, falling))

    def count(self, query: Query) -> int | None:
        """How many rows lie within the id bounds."""
        low, high = self._bounds(query)
        return max(0, high - low)

    def _bounds(self, query: Query) -> tuple[int, int]:
        size = len(self._known())
        low = min(max(0, query.lower - 35), size)
        return low, size if query.upper is None else min(size, max(0, query.upper - 34))

    def _known(self) -> list[Move]:
        if self._rows is None:
            every = [move for deal in self._deals.every.values() for move in _moves(deal, 0)]
            every.sort(key=lambda move: (move.at, move.deal))
            self._rows = [move._replace(id=35 + index) for index, move in enumerate(every)]
        return self._rows


def _moves(deal: Deal, first: int) -> Iterable[Move]:
    for index in range(first, len(deal.versions)):
        after = deal.versions[index]
        before = deal.versions[index - 1] if index else None
        if before is None:
            kind = _CREATED
        elif after.stage == before.stage:
            continue
        elif after.category != before.category:
            kind = _FUNNEL
        else:
            kind = _INTERMEDIATE if semantic(after.stage) == "P" else _FINAL
        yield Move(0, kind, deal.id, after.at, after.category, after.stage)


MOVE_FIELDS = by_upper(
    (
        Field("ID", "ID", "integer", lambda move: move.id),
        Field("TYPE_ID", "TYPE_ID", "integer", lambda move: move.type),
        Field("OWNER_ID", "OWNER_ID", "integer", lambda move: move.deal),
        Field("CREATED_TIME", "CREATED_TIME", "datetime", lambda move: int(move.at)),
        Field("CATEGORY_ID", "CATEGORY_ID", "integer", lambda move: move.category),
        Field("STAGE_SEMANTIC_ID", "STAGE_SEMANTIC_ID", "string", lambda m: semantic(m.stage)),
        Field("STAGE_ID", "STAGE_ID", "string", lambda move: move.stage),
    )
)
