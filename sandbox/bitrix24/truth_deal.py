"""Which deals were really created, won and lost, when, for how much, and whose they were."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sandbox.bitrix24.currency import Money
from sandbox.bitrix24.deal import Deal, Version
from sandbox.bitrix24.stage import semantic
from sandbox.bitrix24.truth_owner import last_version, version_at

_ENDS = {"S": "won", "F": "lost"}


@dataclass(frozen=True, slots=True)
class DealFact:
    """`kind` is created, won or lost; `amount` in kopecks of base currency.

    `cycle` is seconds from creation to the end.
    """

    kind: str
    user: int
    at: float
    amount: int = 0
    cycle: int = 0


def actual_facts(deals: Iterable[Deal], money: Money) -> Iterator[DealFact]:
    """What happened, credited to whom the deal belonged at that moment."""
    for deal in deals:
        if deal.now.deleted:
            continue
        yield _created(deal, deal.versions[0].owner)
        kind = _ENDS.get(semantic(deal.now.stage))
        if kind:
            yield _ended(deal, deal.now, kind, _owner_at_last_move(deal), money)


def observed_facts(deals: Iterable[Deal], reads: list[float], money: Money) -> Iterator[DealFact]:
    """What somebody who read at these moments can know; `reads` ascend and are not empty."""
    for deal, last in known_deals(deals, reads[-1]):
        yield _created(deal, version_at(deal, deal.created_at, reads).owner)
        kind = _ENDS.get(semantic(last.stage))
        if kind:
            owner = version_at(deal, _last_move(deal, last), reads).owner
            yield _ended(deal, last, kind, owner, money)


def known_deals(deals: Iterable[Deal], moment: float) -> Iterator[tuple[Deal, Version]]:
    """Deals that exist at a moment, and how they stand then."""
    for deal in deals:
        now = last_version(deal, [moment])
        if now is not None:
            yield deal, now


def _created(deal: Deal, owner: int) -> DealFact:
    return DealFact("created", owner, deal.created_at)


def _ended(deal: Deal, now: Version, kind: str, owner: int, money: Money) -> DealFact:
    at = _last_move(deal, now)
    amount = money(now.amount, deal.currency, at)
    return DealFact(kind, owner, at, amount, int(at) - int(deal.created_at))


def _last_move(deal: Deal, now: Version) -> float:
    """When the deal came into the stage in which this version stands, whatever the portal says."""
    at = deal.created_at
    for before, after in pairwise(deal.versions):
        if after.at > now.at:
            break
        if after.stage != before.stage:
            at = after.at
    return at


def _owner_at_last_move(deal: Deal) -> int:
    owner = deal.versions[0].owner
    for before, after in pairwise(deal.versions):
        if after.stage != before.stage:
            owner = after.owner
    return owner
