"""Which currencies the settings take."""

import pytest
from babel.core import get_global

from config.region import check_currency


def in_use() -> set[str]:
    """The currencies that are legal tender today, by the Unicode consortium's tables."""
    spans = [span for each in get_global("territory_currencies").values() for span in each]
    return {code for code, _, end, is_tender in spans if is_tender and not end}


def test_every_currency_in_use_is_known() -> None:
    assert {check_currency(code) for code in in_use()} == in_use()


@pytest.mark.parametrize("code", ["RUR", "DEM", "ZZZ", "rub", "", "RUB "])
def test_no_other_is(code: str) -> None:
    with pytest.raises(ValueError, match="no such currency in use"):
        check_currency(code)
