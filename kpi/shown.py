"""Exact results as people and programs get them: rounded once, half up, by their unit."""

from fractions import Fraction

from kpi.metric import MONEY, RATIO

Number = int | float | str
_MINOR = 100
DAYS, DAY_S = "days", 86_400
_PLACES = {MONEY: 2, RATIO: 4}
_MEAN_PLACES = 2


def to_fraction(amount: int, unit: str) -> Fraction:
    """A stored sum in whole units: money is kept in hundredths, days in seconds."""
    return Fraction(amount, {MONEY: _MINOR, DAYS: DAY_S}.get(unit, 1))


def show(value: Fraction, unit: str) -> Number:
    """Money as text with two decimals; a ratio with four, a mean with two, a count as it is."""
    if unit == MONEY:
        return _decimal(value, _PLACES[MONEY])
    if value.denominator == 1 and unit != RATIO:
        return value.numerator
    return float(_decimal(value, _PLACES.get(unit, _MEAN_PLACES)))


def to_percent(ratio: Fraction) -> str:
    """A ratio in percent with one decimal, rounded once."""
    return _decimal(ratio * 100, 1)


def round_half_up(value: Fraction, places: int) -> int:
    """How many units of the last of `places` decimals; a half goes away from zero."""
    above, below = value.numerator * int(10**places), value.denominator
    rounded = (2 * abs(above) + below) // (2 * below)
    return -rounded if above < 0 else rounded


def _decimal(value: Fraction, places: int) -> str:
    rounded = round_half_up(value, places)
    whole, part = divmod(abs(rounded), 10**places)
    return f"{'-' if rounded < 0 else ''}{whole}.{part:0{places}d}"
