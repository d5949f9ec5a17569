"""What was really sold, and at what discount."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.bitrix24.currency import Money
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth_deal import actual_facts, observed_facts


@dataclass(frozen=True, slots=True)
class ProductFact:
    """A row of a won deal; `discount` in kopecks of base currency, for the whole row."""

    user: int
    at: float
    product: str
    discount: int


def product_facts(portal: Portal, reads: list[float], money: Money) -> Iterator[ProductFact]:
    """The rows of deals that are won, by the win; as who read then can know."""
    for deal in portal.deals.every.values():
        found = observed_facts([deal], reads, money) if reads else actual_facts([deal], money)
        for win in [fact for fact in found if fact.kind == "won"]:
            for row in portal.products.of(deal.id, reads[-1] if reads else float("inf")):
                good = row.good
                whole = (2 * good.discount * good.quantity + 1000) // 2000
                amount = money(whole, deal.currency, win.at)
                yield ProductFact(win.user, win.at, good.name, amount)
