"""Currencies and stage history as records, and what facts they become."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from connectors.bitrix24 import currency, stage_history
from connectors.error import DataError
from store.fact import DealState, Rate, StageChange, Step
from tests.connectors.bitrix24.portal import CONTEXT

SEEN = "2026-10-01T12:00:00+03:00"
TENGE = {"CURRENCY": "KZT", "AMOUNT_CNT": "100", "AMOUNT": "19.3700", "BASE": "N", "seen_at": SEEN}
MOVE = {
    "ID": 35,
    "TYPE_ID": 3,
    "OWNER_ID": 21,
    "CREATED_TIME": "2026-04-25T14:59:11+03:00",
    "CATEGORY_ID": 0,
    "STAGE_SEMANTIC_ID": "S",
    "STAGE_ID": "WON",
    "seen_at": SEEN,
}


def rate(**changes: Any) -> Rate:
    (fact,) = currency.normalize(TENGE | changes, CONTEXT)
    assert isinstance(fact, Rate)
    return fact


def change(**changes: Any) -> StageChange:
    (fact,) = stage_history.normalize(MOVE | changes, CONTEXT)
    assert isinstance(fact, StageChange)
    return fact


def test_a_rate_is_exact_whatever_the_number_of_units() -> None:
    fact = rate()
    assert Fraction(fact.numerator, fact.denominator) == Fraction(1937, 10_000)
    assert fact.seen_at == datetime(2026, 10, 1, 9, tzinfo=UTC)


def test_the_base_currency_costs_one_whatever_stands_there() -> None:
    fact = rate(CURRENCY="RUB", BASE="Y", AMOUNT=None)
    assert (fact.numerator, fact.denominator) == (1, 1)


@pytest.mark.parametrize("wrong", ["0", "-1", "", None, "NaN", "Infinity", "много", [], {}])
@pytest.mark.parametrize("name", ["AMOUNT", "AMOUNT_CNT"])
def test_a_rate_that_is_no_price_is_set_aside(name: str, wrong: Any) -> None:
    with pytest.raises(DataError, match=name):
        rate(**{name: wrong})


def test_a_move_keeps_its_deal_stage_and_moment() -> None:
    assert change() == StageChange(
        ref="35",
        kind="deal",
        record_ref="21",
        at=datetime(2026, 4, 25, 11, 59, 11, tzinfo=UTC),
        pipeline_ref="0",
        stage_ref="WON",
        state=DealState.WON,
        step=Step.CLOSED,
        seen_at=datetime(2026, 10, 1, 9, tzinfo=UTC),
    )


def test_a_move_of_another_funnel_has_its_funnel() -> None:
    assert change(CATEGORY_ID="5", STAGE_ID="C5:WON", TYPE_ID="5").pipeline_ref == "5"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("TYPE_ID", 4), ("OWNER_ID", None), ("STAGE_ID", ""), ("CREATED_TIME", "вчера")],
)
def test_a_senseless_move_is_set_aside(name: str, wrong: Any) -> None:
    with pytest.raises(DataError, match=name):
        change(**{name: wrong})
