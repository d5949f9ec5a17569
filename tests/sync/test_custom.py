"""Custom fields: kept as they are filled in, their numbers in base currency, in any order."""

import pytest
from sqlalchemy import select

from store.custom_value import missing_fields
from store.fact import CustomFields, CustomValues
from store.store import Store
from store.table import CUSTOM_VALUE
from tests.sync.ledger import Ledger, deal, rate


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


def filled(ref: str, **values: str) -> CustomValues:
    return CustomValues(kind="deal", record_ref=ref, values=values)


def kept(ledger: Ledger) -> dict[tuple[str, str], tuple[str, int | None, int | None]]:
    """(deal, name) -> text, hundredths, hundredths in base currency."""
    with ledger.store.read() as tx:
        rows = tx.execute(select(CUSTOM_VALUE)).all()
    return {(row.ref, row.name): (row.text, row.number, row.base_number) for row in rows}


def test_what_is_filled_in_is_kept_and_what_is_emptied_goes(ledger: Ledger) -> None:
    won = deal("a", "WON", 5)
    assert ledger.keep(won, filled("a", margin="12.5", partner="Север")) == 2
    assert kept(ledger) == {
        ("a", "margin"): ("12.5", 1250, 1250),
        ("a", "partner"): ("Север", None, None),
    }
    assert ledger.keep(won, filled("a", margin="12.5", partner="Север")) == 0
    ledger.keep(filled("a", margin="13"))
    assert kept(ledger) == {("a", "margin"): ("13", 1300, 1300)}
    ledger.keep(filled("a"))
    assert kept(ledger) == {}


def test_a_number_is_converted_as_its_deal_is(ledger: Ledger) -> None:
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90), rate("USD", 6, 100))
    ledger.keep(deal("a", "WON", 5, currency="USD"), filled("a", margin="2"))
    assert kept(ledger)["a", "margin"] == ("2", 200, 180_00)
    ledger.keep(deal("a", "WON", 7, currency="USD"))
    assert kept(ledger)["a", "margin"] == ("2", 200, 200_00)


def test_without_a_rate_it_waits_for_one(ledger: Ledger) -> None:
    ledger.keep(deal("a", "WON", 5, currency="USD"), filled("a", margin="2"))
    assert kept(ledger)["a", "margin"] == ("2", 200, None)
    ledger.keep(rate("RUB", 6, 1), rate("USD", 6, 100))
    assert kept(ledger)["a", "margin"] == ("2", 200, 200_00)


@pytest.mark.parametrize("text", ["nan", "inf", "1e40", "twelve", "1,5"])
def test_what_is_no_number_is_text_alone(ledger: Ledger, text: str) -> None:
    ledger.keep(deal("a", "NEW", 1), filled("a", margin=text))
    assert kept(ledger)["a", "margin"] == (text, None, None)


def test_a_changed_reason_is_a_change_of_the_deal(ledger: Ledger) -> None:
    ledger.keep(deal("a", "LOSE", 5, reason="Дорого"))
    ledger.forget_journal()
    assert ledger.keep(deal("a", "LOSE", 5, reason="Дорого")) == 0
    assert ledger.keep(deal("a", "LOSE", 5, reason="")) == 1
    assert ledger.touched() == ["a"]
    assert ledger.value("a", "reason") == ""


def test_which_fields_are_missing_is_known_until_they_are_there(ledger: Ledger) -> None:
    ledger.keep(CustomFields(kind="deal", missing=("margin", "partner")))
    with ledger.store.read() as tx:
        assert missing_fields(tx, 1, "deal") == {"margin", "partner"}
    ledger.keep(CustomFields(kind="deal", missing=()))
    with ledger.store.read() as tx:
        assert missing_fields(tx, 1, "deal") == frozenset()


def test_a_field_of_a_contact_is_kept_beside_one_of_a_deal_and_is_no_money(ledger: Ledger) -> None:
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90))
    role = CustomValues(kind="contact", record_ref="contact:a", values={"role": "ЛПР", "rank": "2"})
    ledger.keep(deal("a", "WON", 5, currency="USD"), filled("a", role="3"), role)
    assert kept(ledger) == {
        ("a", "role"): ("3", 300, 270_00),
        ("contact:a", "role"): ("ЛПР", None, None),
        ("contact:a", "rank"): ("2", 200, None),
    }
    ledger.keep(deal("a", "WON", 7, currency="USD"), CustomFields(kind="contact", missing=("x",)))
    assert kept(ledger)["contact:a", "rank"] == ("2", 200, None)
    with ledger.store.read() as tx:
        assert missing_fields(tx, 1, "contact") == {"x"}
        assert missing_fields(tx, 1, "deal") == frozenset()
