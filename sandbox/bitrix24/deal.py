"""Deals with every version they ever had, kept by id and by time of change."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sandbox.bitrix24.shelf import Shelf
from sandbox.bitrix24.stage import semantic
from sandbox.version import Versioned

_KOPECK = Decimal("0.01")


class Version(NamedTuple):
    """The state of a deal from `at` on. `updated_at` is what the portal shows as changed.

    `amount` is in kopecks; `moved_at` and `moved_by` belong to the last change of stage.
    """

    at: float
    updated_at: float
    by: int
    owner: int
    category: int
    stage: str
    amount: int
    moved_at: float
    moved_by: int
    title: str
    deleted: bool = False


class Deal(Versioned[Version]):
    """A deal; `versions` is never empty and ascends by `at`."""

    __slots__ = ("company", "created_at", "created_by", "currency", "extra", "id")

    def __init__(self, deal_id: int, first: Version, company: int, currency: str = "RUB") -> None:
        super().__init__([first])
        self.id = deal_id
        self.created_at = first.at
        self.created_by = first.by
        self.company = company
        self.currency = currency
        self.extra: dict[str, Any] | None = None


class Deals(Shelf[Deal]):
    """Every deal ever."""

    id_field = "id"
    time_field = "updatedTime"

    def add(self, deal: Deal) -> None:
        """Take in a deal with the history it brings."""
        self.every[deal.id] = deal
        if not deal.now.deleted:
            self.reveal(deal.id)
        self.note_change(deal)


def kopecks(amount: Any) -> int:
    """An amount in roubles as whole kopecks, half up, as the data base rounds it."""
    value = Decimal(str(amount)).quantize(_KOPECK, ROUND_HALF_UP)
    return int(value * 100)


def roubles(amount: int) -> float:
    """Kopecks as the number that the API shows."""
    return amount / 100


def changed(before: Version, at: float, by: int, **values: Any) -> Version:
    """The next version; a change of stage moves `moved_at` and `moved_by`."""
    after = before._replace(at=at, updated_at=at, by=by, **values)
    if after.stage != before.stage:
        after = after._replace(moved_at=at, moved_by=by)
    return after


def is_closed(version: Version) -> bool:
    """Whether the stage is a final one."""
    return semantic(version.stage) != "P"
