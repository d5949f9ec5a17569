"""Amounts in base currency: by the rate of the day, exact, rounded once."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from store.rate import DatedRate, Place


@dataclass(frozen=True)
class Rates:
    """Dated rates by source and currency; a source's rates share its own base currency."""

    known: Mapping[Place, Sequence[DatedRate]]

    def in_base(
        self, source_id: int, amount: int, currency: str, base: str, day: int | None
    ) -> int | None:
        """The amount in minor units of `base`, half-up; None while a rate is missing.

        By the newest rate dated not after the local day, else by the oldest known; without a day
        by the newest.
        """
        if currency == base or not amount:
            return amount
        price, unit = self._rate(source_id, currency, day), self._rate(source_id, base, day)
        return None if price is None or unit is None else _half_up(amount * price / unit)

    def _rate(self, source_id: int, currency: str, day: int | None) -> Fraction | None:
        dated = self.known.get((source_id, currency))
        if not dated:
            return None
        later = len(dated) if day is None else bisect_right(dated, day, key=lambda rate: rate.day)
        rate = dated[max(later, 1) - 1]
        return Fraction(rate.numerator, rate.denominator)


NO_RATES = Rates({})


def _half_up(value: Fraction) -> int:
    """A half goes away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -whole if value < 0 else whole
