"""Which days and hours are working ones: a country's calendar with its moved days, and one's own.

Days before a holiday are not shortened: nobody publishes them as data.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from config.country_day import is_country_working, table_version
from config.settings import CalendarSection
from config.working_hours import parse_hours

_DAY = timedelta(days=1)


def calendar_text(section: CalendarSection) -> str:
    """All that decides working time but the zone, as one word: equal for equal calendars.

    The table of public holidays is part of it: a newer one may know more.
    """
    days = (",".join(sorted(map(str, each))) for each in (section.days_off, section.work_days))
    return ";".join((section.country, section.hours, *days, table_version()))


@lru_cache(maxsize=8)
def calendar_of(text: str, zone: ZoneInfo) -> "WorkCalendar":
    """The calendar of a `calendar_text`, its hours being local ones of `zone`."""
    country, hours, days_off, work_days, _ = text.split(";")
    begin, end = parse_hours(hours)
    return WorkCalendar(
        country=country,
        begin=begin,
        end=end,
        days_off=_days(days_off),
        work_days=_days(work_days),
        zone=zone,
    )


@dataclass(frozen=True, kw_only=True)
class WorkCalendar:
    """Working time. A day is off when `days_off` has it, else on when `work_days` has it, else as
    the country has it: weekends and holidays off, days moved by decree on."""

    country: str
    begin: time
    end: time
    days_off: frozenset[date]
    work_days: frozenset[date]
    zone: ZoneInfo
    _years: dict[int, list[int]] = field(default_factory=dict, compare=False, repr=False)

    def is_working(self, day: date) -> bool:
        """Whether people work on the local day."""
        if day in self.days_off or day in self.work_days:
            return day not in self.days_off
        return is_country_working(self.country, day)

    def work_ms(self, begin_ms: int, end_ms: int) -> int:
        """Working milliseconds between two moments in milliseconds UTC; 0 if they are turned round.

        What passes while clocks are changed is counted as it passes.
        """
        if end_ms <= begin_ms:
            return 0
        first, last = self._day(begin_ms), self._day(end_ms)
        whole = sum(self._year(year)[-1] for year in range(first.year, last.year))
        return whole + self._done(last, end_ms) - self._done(first, begin_ms)

    def _done(self, day: date, moment_ms: int) -> int:
        """Working time from the beginning of the day's year to the moment on that day."""
        before = self._year(day.year)[day.timetuple().tm_yday - 1]
        begins, ends = self._hours(day)
        return before + (min(max(moment_ms, begins), ends) - begins)

    def _year(self, year: int) -> list[int]:
        """Working time before each day of the year, and at last that of the whole year."""
        if year not in self._years:
            spans = (self._hours(day) for day in _days_of(year))
            self._years[year] = list(accumulate((end - begin for begin, end in spans), initial=0))
        return self._years[year]

    def _hours(self, day: date) -> tuple[int, int]:
        """When work begins and ends, in milliseconds UTC; one moment on a day off."""
        begins = self._ms(day, self.begin, fold=0)
        if not self.is_working(day):
            return begins, begins
        return begins, max(begins, self._ms(day, self.end, fold=1))

    def _ms(self, day: date, at: time, *, fold: int) -> int:
        # An hour that clocks show twice is worked twice.
        local = datetime.combine(day, at.replace(fold=fold), tzinfo=self.zone)
        return round(local.timestamp()) * 1000

    def _day(self, moment_ms: int) -> date:
        return datetime.fromtimestamp(moment_ms // 1000, self.zone).date()


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _DAY


def _days(text: str) -> frozenset[date]:
    found: Iterable[str] = text.split(",") if text else ()
    return frozenset(map(date.fromisoformat, found))
