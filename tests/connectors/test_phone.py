"""Numbers as managers and PBXs write them become one mark, and nothing can be dialled from it."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.phone import phone_marker

KEY = b"k" * 32
mark = phone_marker(KEY)


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "79161234567",
        "89161234567",
        "8 (916) 123-45-67",
        "+7 916 1234567",
        "8916-1234567",
    ],
)
def test_one_number_written_in_many_ways_has_one_mark(written: str) -> None:
    assert mark(written) == mark("+7 (916) 123-45-67")
    assert mark(written).last4 == "4567"


@pytest.mark.parametrize("extension", ["101", "12", "600123", " 7 "])
def test_up_to_six_digits_are_an_extension_without_a_hash(extension: str) -> None:
    assert mark(extension).hash is None
    assert mark(extension).last4 == extension.strip()[-4:]


@pytest.mark.parametrize("nothing", ["", "anonymous", "sip:"])
def test_no_number_is_no_mark(nothing: str) -> None:
    assert mark(nothing) == (None, None)


def test_a_foreign_number_without_plus_is_the_one_with_it() -> None:
    assert mark("19061234568") == mark("+19061234568")
    assert mark("375291234567") == mark("+375 29 123-45-67")


def test_another_key_gives_another_hash() -> None:
    assert phone_marker(b"x" * 32)("+79161234567").hash != mark("+79161234567").hash


def test_a_number_that_no_plan_knows_still_meets_itself() -> None:
    assert mark("999999999999999").hash == mark("999 999 999 999 999").hash
    assert mark("999999999999999").hash is not None


@given(st.integers(3_000_000_000, 9_999_999_999))
def test_the_short_way_for_russian_numbers_agrees_with_the_library(national: int) -> None:
    written = f"8{national}"
    number = phonenumbers.parse(written, "RU")
    if phonenumbers.is_valid_number(number):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert mark(written) == mark(e164)


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    assert len(mark(text).last4 or "") <= 4
