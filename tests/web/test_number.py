"""How numbers and words look to a person."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.number import NumberFormat, symbol
from web.text import _EN, _RU, Text

RU = NumberFormat(",", "ч", "мин", "с")
MONEY = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@given(MONEY)
def test_an_exact_sum_can_be_read_back(value: Decimal) -> None:
    text = RU.exact(value, "money", "RUB")
    digits = text.removesuffix(" ₽").replace("\u202f", "").replace(",", ".").replace("−", "-")
    assert Decimal(digits) == value


@given(MONEY)
def test_groups_have_three_digits_and_spaces_that_do_not_break(value: Decimal) -> None:
    assert re.fullmatch(r"−?\d{1,3}(\u202f\d{3})*", RU.whole(value))


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("1234567.5", "money", "1\u202f234\u202f568"),
        ("0.31349", "ratio", "31,3\u202f%"),
        ("0.3135", "ratio", "31,4\u202f%"),
        ("43507", "seconds", "12\u202fч 05\u202fмин"),
        ("2707", "seconds", "45\u202fмин 07\u202fс"),
        ("9", "seconds", "9\u202fс"),
        ("12", "calls", "12"),
        ("12.345", "days", "12,35"),
    ],
)
def test_a_value_is_written_by_its_unit(value: str, unit: str, shown: str) -> None:
    assert RU.value(Decimal(value), unit) == shown


def test_a_duration_in_a_narrow_column_is_hours_and_minutes() -> None:
    assert RU.value(Decimal(43507), "seconds", narrow=True) == "12:05"
    assert RU.value(Decimal(271_020), "seconds", narrow=True) == "75:17"


def test_a_change_against_nothing_is_not_a_number() -> None:
    assert RU.change(Decimal(5), Decimal(0)) is None
    assert RU.change(Decimal(112), Decimal(100)) == "+12\u202f%"
    assert RU.change(Decimal(88), Decimal(100)) == "−12\u202f%"


def test_currencies_have_the_signs_people_know() -> None:
    assert [symbol(code) for code in ("RUB", "KZT", "USD", "CHF")] == ["₽", "₸", "$", "CHF"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "1 менеджер"),
        (2, "2 менеджера"),
        (5, "5 менеджеров"),
        (11, "11 менеджеров"),
        (12, "12 менеджеров"),
        (21, "21 менеджер"),
        (22, "22 менеджера"),
        (111, "111 менеджеров"),
        (0, "0 менеджеров"),
    ],
)
def test_russian_counts_have_three_forms(count: int, shown: str) -> None:
    assert Text("ru").plural("managers", count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (20, "только что"),
        (61, "1 минуту назад"),
        (89 * 60, "89 минут назад"),
        (3 * 3600, "3 часа назад"),
        (50 * 3600, "2 дня назад"),
    ],
)
def test_an_age_is_told_in_words(seconds: float, shown: str) -> None:
    assert Text("ru").ago(seconds) == shown


def test_both_languages_say_everything() -> None:
    assert _RU.keys() == _EN.keys()
    for key in _RU:
        assert re.findall(r"{\w+}", _RU[key]) != [] or "{" not in _EN[key]
        assert set(re.findall(r"{\w+}", _RU[key])) == set(re.findall(r"{\w+}", _EN[key]))
    assert Text("en").day(date(2026, 11, 21)) == "21 November"
    assert Text("ru").day(date(2026, 11, 21)) == "21 ноября"
