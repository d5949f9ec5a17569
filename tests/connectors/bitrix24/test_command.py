"""A command inside a batch is a PHP query string, whatever characters stand in it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bitrix24.command import Command, iso, spell


def test_nesting_becomes_brackets_and_everything_is_encoded() -> None:
    command = Command("a", "crm.item.list", {"filter": {">=id": 5}, "select": ["id", "title"]})
    assert spell(command) == (
        "crm.item.list?filter%5B%3E%3Did%5D=5&select%5B0%5D=id&select%5B1%5D=title"
    )
    assert spell(Command("a", "server.time")) == "server.time"


def test_values_are_spelt_as_php_does() -> None:
    moment = datetime(2026, 3, 1, 9, 30, 15, 900_000, tzinfo=UTC)
    params = {"yes": True, "no": False, "sum": Decimal("10.50"), "at": moment, "empty": ""}
    assert parse_qsl(
        spell(Command("a", "m", params)).partition("?")[2], keep_blank_values=True
    ) == [
        ("yes", "1"),
        ("no", "0"),
        ("sum", "10.50"),
        ("at", "2026-03-01T09:30:15+00:00"),
        ("empty", ""),
    ]


@pytest.mark.parametrize("value", [None, object(), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_what_a_query_string_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"cannot say|time zone"):
        spell(Command("a", "m", {"x": value}))


def test_a_key_is_only_letters_and_digits() -> None:
    with pytest.raises(ValueError, match="key"):
        spell(Command("a[b]", "m"))


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_any_text_comes_back_as_it_was(params: dict[str, str]) -> None:
    query = spell(Command("a", "m", params)).partition("?")[2]
    assert dict(parse_qsl(query, keep_blank_values=True)) == params


def test_a_moment_keeps_its_offset_and_is_never_rounded_up() -> None:
    moment = datetime(2026, 3, 1, 9, 30, 59, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert iso(moment) == "2026-03-01T09:30:59+03:00"
