"""The portal's currencies and their rates to the rouble."""

from decimal import ROUND_HALF_UP, Decimal

RATES = {"RUB": Decimal("1.0000"), "USD": Decimal("92.5000")}
NAMES = {"RUB": "Российский рубль", "USD": "Доллар США"}


def in_roubles(minor: int, currency: str) -> int:
    """Minor units of a currency as kopecks, rounded half up."""
    value = (Decimal(minor) * RATES[currency]).quantize(Decimal(1), ROUND_HALF_UP)
    return int(value)
