"""The portal's currencies, what they cost in roubles, and what that was before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.moment import iso

BASE = "RUB"
_PLACES = Decimal("0.0001")
_LONG_AGO = 1_736_406_000.0  # 2025-01-09T10:00:00+03:00


@dataclass(frozen=True, slots=True)
class Currency:
    """`count` units cost `first` roubles when the portal was made."""

    name: str
    count: int
    first: str
    pattern: str


CURRENCIES = {
    BASE: Currency("Российский рубль", 1, "1.0000", "# ₽"),
    "USD": Currency("Доллар США", 1, "92.5000", "$#"),
    "EUR": Currency("Евро", 1, "100.2500", "€#"),
    "KZT": Currency("Казахстанский тенге", 100, "19.3700", "# ₸"),
}
FOREIGN = tuple(code for code in CURRENCIES if code != BASE)

Money = Callable[[int, str, float], int]
"""(minor units, currency, moment) as kopecks."""


class Currencies:
    """Rates as the portal keeps them: it shows the one of now, and knows when each was set."""

    def __init__(self) -> None:
        self._set = {code: [(_LONG_AGO, Decimal(each.first))] for code, each in CURRENCIES.items()}

    def put(self, code: str, amount: Any, at: float) -> str:
        """From this moment on the currency costs `amount` roubles, kept to four decimals."""
        if code not in FOREIGN:
            raise ValueError(f"the rate of {code} cannot be set; known: {', '.join(FOREIGN)}")
        value = Decimal(str(amount)).quantize(_PLACES, ROUND_HALF_UP)
        self._set[code].append((max(at, self._set[code][-1][0]), value))
        return str(value)

    def now(self, code: str) -> Decimal:
        """Roubles for `count` units."""
        return self._set[code][-1][1]

    def rows(self) -> list[dict[str, Any]]:
        """What crm.currency.list shows."""
        return [self._row(code, index) for index, code in enumerate(CURRENCIES)]

    def money(self, zone: ZoneInfo, reads: Sequence[float] = ()) -> Money:
        """Converts by the newest rate dated not after the day, else by the oldest known.

        With `reads` only what was shown at those moments is known, dated when it was seen.
        """
        dated = {code: self._dated(code, zone, reads) for code in FOREIGN}

        def convert(minor: int, code: str, at: float) -> int:
            if code == BASE:
                return minor
            day = datetime.fromtimestamp(at, zone).date()
            fitting = [rate for since, rate in dated[code] if since <= day]
            exact = minor * (fitting[-1] if fitting else dated[code][0][1])
            return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

        return convert

    def _dated(
        self, code: str, zone: ZoneInfo, reads: Iterable[float]
    ) -> list[tuple[date, Fraction]]:
        changes = self._set[code]
        if reads:
            seen = [
                (moment, [amount for at, amount in changes if at <= moment][-1]) for moment in reads
            ]
            changes = seen
        count = CURRENCIES[code].count
        # A second rate of a day replaces the first, be it the oldest known
        days = {
            datetime.fromtimestamp(at, zone).date(): Fraction(amount) / count
            for at, amount in changes
        }
        return list(days.items())

    def _row(self, code: str, index: int) -> dict[str, Any]:
        currency = CURRENCIES[code]
        at, amount = self._set[code][-1]
        return {
            "CURRENCY": code,
            "AMOUNT_CNT": str(currency.count),
            "AMOUNT": str(amount),
            "SORT": str(100 * (index + 1)),
            "BASE": "Y" if code == BASE else "N",
            "FULL_NAME": currency.name,
            "LID": "ru",
            "FORMAT_STRING": currency.pattern,
            "DEC_POINT": ".",
            "THOUSANDS_SEP": "&nbsp;",
            "DECIMALS": "2",
            "DATE_UPDATE": iso(at),
        }
