"""Foreign money in the simulated company: some deals in it, and rates that went up and down."""

import random

from sandbox.bitrix24.currency import CURRENCIES, FOREIGN, Currencies
from sandbox.bitrix24.deal import Deal

_WEEK_S = 7 * 86_400
_SHARE = 0.06


def go_abroad(deals: list[Deal], rng: random.Random) -> None:
    """Makes a few deals foreign, worth about as much as before."""
    for deal in deals:
        if rng.random() < _SHARE:
            deal.currency = rng.choice(FOREIGN)
            currency = CURRENCIES[deal.currency]
            price = float(currency.first) / currency.count
            deal.versions = [
                version._replace(amount=int(version.amount / price)) for version in deal.versions
            ]


def write_rates(currencies: Currencies, rng: random.Random, start: float, now: float) -> None:
    """New rates every week from the company's start until now."""
    at = start
    while (at := at + _WEEK_S) < now:
        for code in FOREIGN:
            move_rate(currencies, rng, code, at)


def move_rate(currencies: Currencies, rng: random.Random, code: str, at: float) -> str:
    """The currency becomes up to 2 % dearer or cheaper; tells its new rate."""
    return currencies.put(code, float(currencies.now(code)) * rng.uniform(0.98, 1.02), at)
