"""The library's public holidays as Merilo's own table: `python -m tests.config.holiday_table`.

The library would keep 16 MB in the service for a few hundred days.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import holidays

from config.country_day import TABLE

COUNTRIES = ("RU", "KZ", "BY")
YEARS = range(2015, 2036)
_HEAD = """\
# Weekdays off and weekends worked, by country and year; every other day is as its weekday.
# Moved days are those decreed so far; [calendar] days_off and work_days of the settings add to it.
# Written by `python -m tests.config.holiday_table`, which reads the library `holidays`.
"""


def exceptions(country: str, year: int) -> tuple[list[date], list[date]]:
    """The year's weekdays off and its weekends worked."""
    calendar = holidays.country_holidays(country, years=[year])
    days = [date(year, 1, 1) + timedelta(number) for number in range(366)]
    days = [day for day in days if day.year == year]
    works = {day: calendar.is_working_day(day) for day in days}
    off = [day for day in days if day.weekday() < 5 and not works[day]]
    return off, [day for day in days if day.weekday() >= 5 and works[day]]


def lines() -> Iterator[str]:
    """The table's text, line by line."""
    yield _HEAD
    for country in COUNTRIES:
        for kind, name in enumerate(("off", "work")):
            yield f"\n[{country}.{name}]\n"
            for year in YEARS:
                if found := exceptions(country, year)[kind]:
                    yield f'{year} = "{" ".join(f"{day:%m-%d}" for day in found)}"\n'


def main() -> None:
    """Writes the table."""
    Path(TABLE).write_text("".join(lines()), encoding="utf-8")


if __name__ == "__main__":
    main()
