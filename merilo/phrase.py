"""Numbers and words of the printed tables, in the language of the settings."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_symbol

from kpi.metric import MONEY, RATIO, Metric
from kpi.shown import Number
from kpi.value import Value

PARTIAL = "*"
_REMEMBERED = 10_000
"""A month of days repeats the same numbers tens of thousands of times."""
_WORDS = {
    "ru": {
        "team": "Команда",
        "manager": "Менеджер",
        "period": "Период",
        "unknown": "нет данных",
        "nothing": "—",
        "partial": "данные неполные, подробнее:",
        "read": "прочитано",
        "up to": "до",
        "never": "ещё ни разу",
        "when": "Когда",
        "source": "Источник",
        "record": "Запись",
        "contribution": "Вклад",
        "link": "Ссылка",
        "total": "Итого",
        "no rate": "нет курса",
        "not filled in": "не указано",
        "numerator": "числитель",
        "denominator": "знаменатель",
    },
    "en": {
        "team": "Team",
        "manager": "Manager",
        "period": "Period",
        "unknown": "no data",
        "nothing": "—",
        "partial": "incomplete data, details:",
        "read": "read",
        "up to": "up to",
        "never": "never yet",
        "when": "When",
        "source": "Source",
        "record": "Record",
        "contribution": "Contribution",
        "link": "Link",
        "total": "Total",
        "no rate": "no rate",
        "not filled in": "not filled in",
        "numerator": "numerator",
        "denominator": "denominator",
    },
}


class Phrase:
    """Says things in one language, money in one currency, moments in one zone."""

    def __init__(self, language: str, currency: str, zone: ZoneInfo) -> None:
        self.language = language
        self.currency = currency
        self.zone = zone

    def word(self, name: str) -> str:
        """A fixed word."""
        return _WORDS[self.language][name]

    def title(self, metric: Metric) -> str:
        """The metric's title; of money also the currency's sign."""
        title = metric.title(self.language)
        if metric.unit != MONEY:
            return title
        return f"{title}, {get_currency_symbol(self.currency, locale=self.language)}"

    def value(self, value: Value) -> str:
        """A value as people read it, with the mark of an incomplete one."""
        if value.state == "unknown":
            return self.word("unknown")
        mark = PARTIAL if value.state == "partial" else ""
        if value.value is None:
            return self.word("nothing") + mark
        if value.unit == RATIO and value.percent is not None:
            return _decimal(value.percent, "#,##0.0", self.language) + "\u00a0%" + mark
        return self.number(value.value, value.unit) + mark

    def of(self, of: Mapping[str, str | None] | None) -> str:
        """The value of a dimension; nothing where there is none."""
        return ", ".join(each or self.word("not filled in") for each in (of or {}).values())

    def number(self, number: Number, unit: str) -> str:
        """A number in its unit: seconds as h:mm:ss, money with two decimals."""
        if unit == "seconds" and isinstance(number, int):
            return f"{number // 3600}:{number // 60 % 60:02d}:{number % 60:02d}"
        pattern = "#,##0.00" if unit == MONEY else "#,##0.##"
        return _decimal(str(number), pattern, self.language)

    def day(self, day: date) -> str:
        """A calendar day."""
        return _day(day, "short" if self.language == "en" else "dd.MM.yyyy", self.language)

    def moment(self, at: datetime) -> str:
        """A moment in local time."""
        pattern = "yyyy-MM-dd HH:mm" if self.language == "en" else "dd.MM.yyyy HH:mm"
        return format_datetime(at, pattern, tzinfo=self.zone, locale=self.language)

    def coverage(self, values: Iterable[Value]) -> str:
        """Up to when the streams behind these values were read."""
        marks = {stream: mark for value in values for stream, mark in value.coverage.items()}
        return ", ".join(f"{stream} {self._mark(mark)}" for stream, mark in sorted(marks.items()))

    def _mark(self, mark: str | None) -> str:
        if mark is None:
            return self.word("never")
        return f"{self.word('up to')} {self.moment(datetime.fromisoformat(mark))}"


@lru_cache(_REMEMBERED)
def _decimal(number: str, pattern: str, language: str) -> str:
    return format_decimal(Decimal(number), pattern, language)


@lru_cache(_REMEMBERED)
def _day(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, language)
