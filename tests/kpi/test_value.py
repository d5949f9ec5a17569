"""Numbers of managers and of the team, as the contract shapes them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from kpi.catalog import Catalog, load_catalog
from kpi.coverage import Vantage
from kpi.engine import refresh
from kpi.value import Query, Value, values
from store.directory import put_manager
from store.table import TEAM
from tests.kpi.books import (
    ANNA,
    BORIS,
    IN,
    LOST,
    NOW,
    OUT,
    VERA,
    WON,
    Books,
    both,
    call,
    deal,
    seen_from,
)

Found = dict[tuple[str | None, str], Value]


def october(**more: Any) -> Query:
    return Query(since=date(2026, 10, 1), until=date(2026, 10, 31), **more)


def ask(
    books: Books, catalog: Catalog, query: Query, vantage: Vantage | None = None
) -> list[Value]:
    refresh(books.store, catalog)
    return values(books.store, catalog, query, vantage or seen_from())


def board(books: Books, catalog: Catalog, **more: Any) -> Found:
    found = ask(books, catalog, october(by="month", **more))
    return {(each.manager, each.metric): each for each in found}


@pytest.fixture
def month(books: Books) -> Books:
    """A month of two managers, read to its end."""
    books.read_up_to(NOW)
    books.deals(
        deal("1", by=ANNA, state=WON, closed=20261010, amount=1000_00),
        deal("2", by=ANNA, state=WON, closed=20261011, amount=333_33),
        deal("3", by=BORIS, state=LOST, closed=20261012),
        deal("4", by=None),
        deal("5", by=ANNA, state=WON, closed=20261012, amount=7_00, removed=True),
    )
    books.calls(
        *both("c1", ANNA, way=IN, talk=120),
        *both("c2", ANNA, way=OUT, talk=119),
        *both("c3", BORIS, way=OUT, talk=0),
        call("c4", TEAM, way=IN, talk=0),
    )
    return books


def test_everyone_appears_before_anything_is_counted_by_new_declarations(
    month: Books, catalog: Catalog
) -> None:
    before = ask(month, catalog, october(metrics=("deals_won",)))
    assert {each.manager for each in before} == {"Анна", "Борис", None}
    newer = Catalog({"deals_won": catalog.find("deals_won")})
    assert newer.fingerprint != catalog.fingerprint
    after = values(month.store, newer, october(metrics=("deals_won",)), seen_from())
    assert [(each.manager, each.value) for each in after] == [
        (each.manager, each.value) for each in before
    ]


def test_a_month_of_a_manager(month: Books, catalog: Catalog) -> None:
    found = board(month, catalog)
    expected = {
        "calls_in": 1,
        "calls_out": 1,
        "calls_answered": 1,
        "calls_missed": 0,
        "calls_reached": 1,
        "talk_time": 239,
        "calls_120s": 1,
        "deals_created": 2,
        "deals_won": 2,
        "deals_lost": 0,
        "revenue": "1333.33",
        "average_deal": "666.67",
        "win_rate": 1.0,
    }
    assert {metric: found["Анна", metric].value for metric in expected} == expected


def test_the_team_is_counted_for_itself(month: Books, catalog: Catalog) -> None:
    month.calls(call("c5", ANNA, talk=70), call("c5", BORIS, talk=60), call("c5", TEAM, talk=130))
    found = board(month, catalog)
    assert found["Анна", "calls_in"].value == 2
    assert found["Борис", "calls_in"].value == 1
    assert found[None, "calls_in"].value == 3
    assert found[None, "calls_missed"].value == 1
    assert found[None, "calls_120s"].value == 2
    assert found["Борис", "calls_120s"].value == 0
    assert found[None, "deals_created"].value == 4
    assert found[None, "win_rate"].value == 0.6667
    assert found[None, "win_rate"].percent == "66.7"


def test_a_value_is_the_contracts_line(month: Books, catalog: Catalog) -> None:
    (value,) = ask(month, catalog, october(metrics=("average_deal",), manager_ids=(ANNA,)))
    assert list(value.to_json().items()) == [
        ("manager", "Анна"),
        ("manager_id", ANNA),
        ("aliases", {}),
        ("metric", "average_deal"),
        ("of", None),
        ("by", "total"),
        ("period", "2026-10-01"),
        ("value", "666.67"),
        ("unit", "money"),
        ("numerator", "1333.33"),
        ("denominator", 2),
        ("n", 2),
        ("state", "value"),
        ("coverage", {"main/deals": "2026-11-01T09:00:00Z"}),
        ("version", 1),
    ]


def test_records_behind_a_sum_are_counted(month: Books, catalog: Catalog) -> None:
    found = board(month, catalog)
    assert found["Анна", "revenue"].n == 2
    assert found["Анна", "talk_time"].n == 2
    assert found[None, "win_rate"].n == 3
    assert found["Борис", "calls_120s"].n == 0


def test_a_ratio_without_cases_is_nothing_to_measure(month: Books, catalog: Catalog) -> None:
    month.deals(deal("6", by=VERA))
    found = board(month, catalog)
    for metric in ("win_rate", "average_deal"):
        value = found["Вера", metric]
        assert (value.value, value.n, value.state) == (None, 0, "value")
        assert value.denominator == 0
    assert found["Вера", "revenue"].value == "0.00"


def test_unknown_is_never_zero(month: Books, catalog: Catalog) -> None:
    only_deals = seen_from(main=("deals",))
    for value in ask(month, catalog, october(), only_deals):
        if value.metric.startswith("calls") or value.metric == "talk_time":
            shown = (value.value, value.n, value.numerator, value.denominator, value.state)
            assert shown == (None, None, None, None, "unknown")
            assert value.coverage == {}
        elif value.metric in ("deals_created", "deals_won", "revenue", "win_rate"):
            assert value.state == "value"
    for value in ask(month, catalog, october(), seen_from(NOW, other=("deals",))):
        assert (value.value, value.n, value.state) == (None, None, "unknown")


def test_money_without_a_rate_makes_the_sum_partial(month: Books, catalog: Catalog) -> None:
    month.deals(deal("7", by=ANNA, state=WON, closed=20261013, amount=None))
    found = board(month, catalog)
    revenue = found["Анна", "revenue"]
    assert (revenue.value, revenue.n, revenue.state) == ("1333.33", 3, "partial")
    assert found["Анна", "average_deal"].state == "partial"
    assert found["Анна", "deals_won"].state == "value"
    assert found["Борис", "revenue"].state == "value"
    month.deals(deal("7", by=ANNA, state=WON, closed=20261013, amount=66_67))
    assert board(month, catalog)["Анна", "revenue"].value == "1400.00"


def test_who_appears(month: Books, catalog: Catalog) -> None:
    with month.store.write() as tx:
        put_manager(tx, key="l", name="Листинг", listed=True, hidden=False)
        put_manager(tx, key="b", name="Борис", listed=True, hidden=True)
        put_manager(tx, key="r", name="Робот", listed=False, hidden=False)
    shown = [name for name, metric in board(month, catalog) if metric == "calls_in"]
    assert shown == ["Анна", "Листинг", None]
    later = Query(since=date(2026, 11, 1), until=date(2026, 11, 1))
    assert {each.manager for each in ask(month, catalog, later)} == {"Анна", "Листинг", None}
    asked = ask(month, catalog, october(manager_ids=(BORIS, TEAM), metrics=("deals_lost",)))
    assert [(each.manager, each.manager_id, each.value) for each in asked] == [
        ("Борис", BORIS, 1),
        (None, None, 1),
    ]


def test_seconds_that_no_cell_keeps_are_counted_from_the_facts(
    month: Books, catalog: Catalog
) -> None:
    wanted = ("calls_119s", "calls_120s", "calls_121s")
    found = board(month, catalog, metrics=wanted)
    assert [found["Анна", name].value for name in wanted] == [2, 1, 0]
    assert [found[None, name].value for name in wanted] == [2, 1, 0]
    weekly = ask(month, catalog, october(by="week", metrics=wanted, manager_ids=(ANNA,)))
    assert [each.value for each in weekly if each.metric == "calls_119s"] == [0, 2, 0, 0, 0]


def test_every_split_adds_up_to_the_total(month: Books, catalog: Catalog) -> None:
    days = [date(2026, 9, 20) + timedelta(days=3 * step) for step in range(20)]
    numbers = [day.year * 10000 + day.month * 100 + day.day for day in days]
    month.calls(*(call(f"x{day}", ANNA, day=day) for day in numbers))
    for since, until in ((days[1], days[-2]), (date(2026, 10, 1), date(2026, 10, 31))):
        expected = sum(since <= day <= until for day in days) + 1
        for by in ("day", "week", "month", "total"):
            query = Query(
                since=since, until=until, by=by, metrics=("calls_in",), manager_ids=(ANNA,)
            )
            found = ask(month, catalog, query, seen_from(datetime(2026, 12, 1, tzinfo=UTC)))
            assert sum(int(each.value or 0) for each in found) == expected
            assert {each.period.weekday() for each in found} == {0} or by != "week"
            assert {each.period.day for each in found} == {1} or by != "month"


def test_a_week_across_the_year_is_one_number(books: Books, catalog: Catalog) -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    books.read_up_to(now)
    books.calls(call("a", ANNA, day=20261231), call("b", ANNA, day=20270101))
    query = Query(
        since=date(2026, 12, 28),
        until=date(2027, 1, 3),
        by="week",
        metrics=("calls_in",),
        manager_ids=(ANNA,),
    )
    (value,) = ask(books, catalog, query, seen_from(now))
    assert (value.value, value.period) == (2, date(2026, 12, 28))


def test_a_day_to_come_is_unknown(month: Books, catalog: Catalog) -> None:
    query = Query(since=date(2026, 11, 1), until=date(2026, 11, 2), by="day", metrics=("calls_in",))
    states = {(each.period.day, each.value, each.state) for each in ask(month, catalog, query)}
    assert states == {(1, 0, "value"), (2, None, "unknown")}


def test_a_month_board_is_one_indexed_query_on_the_cells(month: Books, catalog: Catalog) -> None:
    refresh(month.store, catalog)
    seen: list[tuple[str, Any]] = []
    event.listen(
        month.store.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, values, *rest: seen.append((statement, values)),
    )
    values(month.store, catalog, october(by="month"), seen_from())
    on_cells = [each for each in seen if "kpi_" in each[0] and "FROM manager" not in each[0]]
    ((statement, bound),) = on_cells
    with month.store.read() as tx:
        plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound).all())
    assert "SEARCH kpi_period USING INDEX" in plan
    assert "start_day" in plan


def test_a_formula_of_formulas(month: Books, tmp_path: Any) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[loss_rate]\ntitle.ru = "Доля проигранных"\ncategory = "quality"\nunit = "ratio"\n'
        'formula = "1 - win_rate"\n'
        '[per_call]\ntitle.ru = "Выручка на звонок"\ncategory = "result"\nunit = "money"\n'
        'formula = "revenue / (calls_in + calls_out)"\n'
    )
    own = load_catalog([file])
    (loss, per_call) = ask(
        month, own, october(metrics=("loss_rate", "per_call"), manager_ids=(TEAM,))
    )
    assert (loss.value, loss.n, loss.numerator) == (0.3333, 3, None)
    assert (per_call.value, per_call.n, per_call.denominator) == ("333.33", 4, 4)
    assert set(per_call.coverage) == {"main/calls", "main/deals"}


def test_before_the_first_count_numbers_come_from_the_facts(month: Books, catalog: Catalog) -> None:
    found = values(month.store, catalog, october(manager_ids=(ANNA, TEAM)), seen_from())
    assert found == ask(month, catalog, october(manager_ids=(ANNA, TEAM)))
    assert any(each.value == "1333.33" for each in found)
