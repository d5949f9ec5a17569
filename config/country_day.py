"""Which days a country works: weekends and public holidays off, days moved by decree."""

import hashlib
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).parent / "country_day.toml"
_SATURDAY = 5


def is_country_working(country: str, day: date) -> bool:
    """Whether offices of the country (RU, KZ, BY) are open that day.

    Before and after the years of the table only weekends are off.
    """
    return (day.weekday() < _SATURDAY) is not (day in _exceptions(country))


@lru_cache(maxsize=1)
def table_version() -> str:
    """A word that changes when the table does."""
    return hashlib.blake2b(TABLE.read_bytes(), digest_size=6).hexdigest()


@lru_cache(maxsize=3)
def _exceptions(country: str) -> frozenset[date]:
    with TABLE.open("rb") as file:
        kinds = tomllib.load(file)[country].values()
    return frozenset(
        date.fromisoformat(f"{year}-{day}")
        for years in kinds
        for year, days in years.items()
        for day in days.split()
    )
