"""What of a list was on a lead, and when."""

from typing import NamedTuple


class Good(NamedTuple):
    """An element on a lead: thousandths of it, and the field of its price if not the usual one."""

    catalog: int
    element: int
    quantity: int = 1000
    price_id: int = 0


Goods = list[tuple[int, tuple[Good, ...]]]
"""(since when, what), ascending."""


def goods_at(states: Goods, moment: float) -> tuple[Good, ...]:
    """What was on a lead at the end of that second."""
    known = [goods for at, goods in states if at <= moment]
    return known[-1] if known else ()
