"""Numbers as a person of the country reads them: thin spaces, decimal comma, units."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

THIN = "\u202f"
MINUS = "−"
SYMBOLS = {"RUB": "₽", "KZT": "₸", "BYN": "Br", "USD": "$", "EUR": "€", "UAH": "₴", "UZS": "сум"}
"""Currency signs; the Russian locale data of others lack the tenge and write RUB for the rouble."""

MONEY = "money"
RATIO = "ratio"
SECONDS = "seconds"


def symbol(currency: str) -> str:
    """The sign of a currency, or its code."""
    return SYMBOLS.get(currency, currency)


@dataclass(frozen=True)
class NumberFormat:
    """How a language writes numbers."""

    comma: str
    hours: str
    minutes: str
    seconds: str

    def whole(self, value: Decimal) -> str:
        """`1 234 567` with narrow no-break spaces, half-up."""
        rounded = int(value.quantize(Decimal(1), ROUND_HALF_UP))
        text = f"{abs(rounded):,}".replace(",", THIN)
        return MINUS + text if rounded < 0 else text

    def decimal(self, value: Decimal, places: int) -> str:
        """With exactly `places` decimals, half-up."""
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        whole, _, fraction = f"{abs(rounded):,.{places}f}".partition(".")
        text = whole.replace(",", THIN) + self.comma + fraction
        return MINUS + text if rounded < 0 else text

    def percent(self, ratio: Decimal) -> str:
        """0..1 as `31,4 %`."""
        return f"{self.decimal(ratio * 100, 1)}{THIN}%"

    def duration(self, value: Decimal) -> str:
        """Seconds as `12 ч 05 мин`, under an hour `45 мин 07 с`, under a minute `9 с`."""
        total = int(value.quantize(Decimal(1), ROUND_HALF_UP))
        hours, rest = divmod(total, 3600)
        minutes, seconds = divmod(rest, 60)
        if hours:
            return (
                f"{self.whole(Decimal(hours))}{THIN}{self.hours} {minutes:02}{THIN}{self.minutes}"
            )
        if minutes:
            return f"{minutes}{THIN}{self.minutes} {seconds:02}{THIN}{self.seconds}"
        return f"{seconds}{THIN}{self.seconds}"

    def clock(self, value: Decimal) -> str:
        """Seconds as hours and minutes, `75:17`."""
        hours, minutes = divmod(int((value / 60).quantize(Decimal(1), ROUND_HALF_UP)), 60)
        return f"{self.whole(Decimal(hours))}:{minutes:02}"

    def value(self, value: Decimal, unit: str, *, narrow: bool = False) -> str:
        """A KPI's value; money in whole units without its sign (the column's head has it).

        `narrow`: durations as hours and minutes, which the column's head says too.
        """
        if unit == RATIO:
            return self.percent(value)
        if unit == SECONDS:
            return self.clock(value) if narrow else self.duration(value)
        if unit == MONEY or value == value.to_integral_value():
            return self.whole(value)
        return self.decimal(value, 2)

    def exact(self, value: Decimal, unit: str, currency: str) -> str:
        """Every digit there is, for a tooltip."""
        if unit == MONEY:
            return f"{self.decimal(value, 2)} {symbol(currency)}"
        if unit == RATIO:
            return f"{self.decimal(value * 100, 2)}{THIN}%"
        return self.value(value, unit)

    def change(self, now: Decimal, before: Decimal) -> str | None:
        """`+12 %` against `before`; None when there is nothing to compare with."""
        if before <= 0:
            return None
        percent = (now - before) / before * 100
        sign = "+" if percent > 0 else ""
        return f"{sign}{self.whole(percent)}{THIN}%"
