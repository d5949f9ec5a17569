"""Deals with every version they ever had, kept by id and by time of change."""

import random
from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sandbox.bitrix24.listing import Query, span
from sandbox.bitrix24.stage import semantic

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


class Deal:
    """A deal; `versions` is never empty and ascends by `at`."""

    __slots__ = ("company", "created_at", "created_by", "currency", "extra", "id", "versions")

    def __init__(self, deal_id: int, first: Version, company: int, currency: str = "RUB") -> None:
        self.id = deal_id
        self.created_at = first.at
        self.created_by = first.by
        self.company = company
        self.currency = currency
        self.versions = [first]
        self.extra: dict[str, Any] | None = None

    @property
    def now(self) -> Version:
        """The current version."""
        return self.versions[-1]

    def at(self, moment: float) -> Version | None:
        """The version that stood at a moment; None before the deal was there."""
        found = None
        for version in self.versions:
            if version.at > moment:
                break
            found = version
        return found


class Deals:
    """Every deal ever; lists see the living ones only."""

    id_field = "id"
    time_field = "updatedTime"

    def __init__(self) -> None:
        self.every: dict[int, Deal] = {}
        self._living: list[int] = []
        self._changes: list[tuple[float, int]] = []

    def add(self, deal: Deal) -> None:
        """Take in a deal with the history it brings."""
        self.every[deal.id] = deal
        if not deal.now.deleted:
            insort(self._living, deal.id)
        self.note_change(deal)

    def note_change(self, deal: Deal) -> None:
        """Index the newest change of a deal."""
        change = (deal.now.updated_at, deal.id)
        if self._changes and change < self._changes[-1]:
            insort(self._changes, change)
        else:
            self._changes.append(change)

    def bring(self, deals: list[Deal]) -> None:
        """Take in many deals at once, by ascending id."""
        self.every.update((deal.id, deal) for deal in deals)
        self._living += [deal.id for deal in deals if not deal.now.deleted]
        self._changes += [(deal.now.updated_at, deal.id) for deal in deals]
        self._changes.sort()

    def hide(self, deal_id: int) -> None:
        """Take a deleted deal out of the lists."""
        self._living.pop(bisect_left(self._living, deal_id))

    def reveal(self, deal_id: int) -> None:
        """Put a restored deal back into the lists."""
        insort(self._living, deal_id)

    def sample(self, rng: random.Random) -> Deal | None:
        """Some living deal; None when there is none."""
        return self.every[rng.choice(self._living)] if self._living else None

    def living(self, deal_id: int) -> Deal | None:
        """A deal that can be read now."""
        deal = self.every.get(deal_id)
        return None if deal is None or deal.now.deleted else deal

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[Deal]:
        """Living deals within the bounds; few recent changes are found by their own index."""
        low, high = self._bounds(query)
        if query.since is not None:
            first = bisect_left(self._changes, (float(int(query.since)), 0))
            if len(self._changes) - first < (high - low) // 4:
                return self._changed(first, query, falling)
        every, living = self.every, self._living
        return (every[living[index]] for index in span(low, high, falling))

    def count(self, query: Query) -> int | None:
        """How many living deals lie within the id bounds."""
        low, high = self._bounds(query)
        return max(0, high - low)

    def _changed(self, first: int, query: Query, falling: bool) -> Iterable[Deal]:
        ids = {deal_id for _, deal_id in self._changes[first:]}
        for deal_id in sorted(ids, reverse=falling):
            deal = self.living(deal_id) if query.holds(deal_id) else None
            if deal is not None:
                yield deal

    def _bounds(self, query: Query) -> tuple[int, int]:
        low = bisect_left(self._living, query.lower)
        if query.upper is None:
            return low, len(self._living)
        return low, bisect_left(self._living, query.upper + 1)


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
