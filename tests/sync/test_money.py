"""Foreign money counts by the rate of its day, and only what a new rate touches changes."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.fact import Fact
from store.rate import DatedRate
from store.store import Store
from sync.money import Rates
from tests.store.quick import open_quick_store
from tests.store.row import stored
from tests.sync.ledger import Ledger, deal, empty, keep_in_drawn_order, rate

TABLES = ("deal_journal", "deal", "rate", "owner_change", "mark", "source")
DATED = Rates(
    {
        (1, "USD"): [DatedRate(20261005, 90, 1), DatedRate(20261010, 100, 1)],
        (1, "EUR"): [DatedRate(20261001, 110, 1)],
        (1, "RUB"): [DatedRate(20261001, 1, 1)],
        (1, "KZT"): [DatedRate(20261001, 1937, 10_000)],
    }
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(20261001, 9000), (20261005, 9000), (20261009, 9000), (20261010, 10_000), (None, 10_000)],
    ids=["before the oldest", "its day", "the day before the next", "the next", "open"],
)
def test_the_newest_rate_dated_not_after_the_day_applies(day: int | None, expected: int) -> None:
    assert DATED.in_base(1, 100, "USD", "RUB", day) == expected


def test_without_a_rate_nobody_knows() -> None:
    assert DATED.in_base(1, 100, "CNY", "RUB", 20261001) is None
    assert DATED.in_base(1, 100, "USD", "CNY", 20261001) is None
    assert DATED.in_base(2, 100, "USD", "RUB", 20261001) is None


def test_base_money_and_no_money_need_no_rate() -> None:
    assert DATED.in_base(2, 100, "RUB", "RUB", 20261001) == 100
    assert DATED.in_base(2, 0, "CNY", "RUB", 20261001) == 0
    assert DATED.in_base(2, 0, "", "RUB", 20261001) == 0


def test_another_base_than_the_portals_is_reached_through_the_portals() -> None:
    assert DATED.in_base(1, 1000, "EUR", "USD", 20261010) == 1100
    assert DATED.in_base(1, 5_000_00, "RUB", "USD", 20261010) == 50_00


@given(
    amount=st.integers(0, 10**13),
    price=st.decimals("0.0001", "9999", places=4),
    count=st.sampled_from([1, 10, 100, 1000]),
)
def test_each_deal_is_rounded_half_up_to_minor_units(
    amount: int, price: Decimal, count: int
) -> None:
    numerator, denominator = (price / count).as_integer_ratio()
    rates = Rates(
        {
            (1, "KZT"): [DatedRate(20261001, numerator, denominator)],
            (1, "RUB"): [DatedRate(20261001, 1, 1)],
        }
    )
    exact = (amount * price / count).quantize(Decimal(1), ROUND_HALF_UP)
    assert rates.in_base(1, amount, "KZT", "RUB", 20261001) == int(exact)
    assert rates.in_base(1, -amount, "KZT", "RUB", 20261001) == -int(exact)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


def dollars(ref: str, stage: str, moved: float) -> Fact:
    return deal(ref, stage, moved, currency="USD")


def base_amounts(ledger: Ledger) -> dict[str, int | None]:
    return {ref: row["base_amount"] for ref, row in ledger.rows().items()}


def test_the_first_rate_ever_values_all_that_was_won_before(ledger: Ledger) -> None:
    ledger.keep(dollars("a", "WON", 5), dollars("b", "NEW", 5), deal("c", "WON", 5))
    assert base_amounts(ledger) == {"a": None, "b": None, "c": 100}
    ledger.forget_journal()
    assert ledger.keep(rate("RUB", 20, 1), rate("USD", 20, 90)) == 2
    assert base_amounts(ledger) == {"a": 9000, "b": 9000, "c": 100}
    assert ledger.touched() == ["a", "b"]
    assert not ledger.is_to_be_rebuilt()


def test_a_new_rate_changes_only_what_is_won_since_and_what_is_open(ledger: Ledger) -> None:
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90), rate("EUR", 1, 100))
    ledger.keep(dollars("old", "WON", 5), dollars("new", "WON", 10), dollars("open", "NEW", 2))
    ledger.keep(deal("euro", "WON", 12, currency="EUR"))
    ledger.forget_journal()
    assert ledger.keep(rate("RUB", 10, 1), rate("USD", 10, 95), rate("EUR", 10, 100)) == 1
    assert base_amounts(ledger) == {"old": 9000, "new": 9500, "open": 9500, "euro": 10_000}
    assert ledger.touched() == ["new", "open"]
    assert len(stored(ledger.store, "rate")) == 4


def test_a_rate_seen_again_changes_nothing(ledger: Ledger) -> None:
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90))
    ledger.keep(dollars("a", "WON", 5))
    ledger.forget_journal()
    assert ledger.keep(rate("RUB", 9, 1), rate("USD", 9, 90)) == 0
    assert not stored(ledger.store, "deal_journal")
    assert len(stored(ledger.store, "rate")) == 2


def test_of_two_rates_in_one_day_the_later_stands(ledger: Ledger) -> None:
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90))
    ledger.keep(rate("USD", 5, 95))
    ledger.keep(dollars("a", "WON", 5))
    ledger.keep(rate("USD", 5.2, 96))
    assert base_amounts(ledger) == {"a": 9600}


def test_the_rate_of_the_base_itself_values_everything_foreign_anew(store: Store) -> None:
    ledger = Ledger(store, currency="EUR")
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90), rate("EUR", 1, 100))
    ledger.keep(dollars("a", "WON", 5), deal("b", "WON", 5), deal("c", "WON", 5, currency="EUR"))
    assert base_amounts(ledger) == {"a": 90, "b": 1, "c": 100}
    ledger.keep(rate("EUR", 4, 50))
    assert base_amounts(ledger) == {"a": 180, "b": 2, "c": 100}


def test_a_page_of_another_thread_is_valued_by_the_rates_of_now(ledger: Ledger) -> None:
    old = ledger.commit
    ledger.keep(rate("RUB", 1, 1), rate("USD", 1, 90))
    assert ledger.commit is old
    ledger.keep(dollars("a", "WON", 5))
    assert base_amounts(ledger) == {"a": 9000}


@pytest.fixture(scope="module")
def quick_store() -> Iterator[Store]:
    store = open_quick_store()
    yield store
    store.close()


DEALS = [dollars("a", "WON", 3), dollars("b", "NEW", 3), dollars("b", "WON", 7)]
RATES = [
    rate("RUB", 2, 1),
    rate("USD", 2, 90),
    rate("USD", 4, 92),
    rate("USD", 6, 94),
    rate("USD", 8, 96),
]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_in_whatever_order_deals_and_rates_come_the_end_is_the_same(
    quick_store: Store, data: st.DataObject
) -> None:
    empty(quick_store, TABLES)
    ledger = Ledger(quick_store)
    keep_in_drawn_order(ledger, data, DEALS, RATES)
    assert base_amounts(ledger) == {"a": 9000, "b": 9400}
    assert ledger.journalled() == ledger.counted()
