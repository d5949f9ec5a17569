"""How many different values there are: counted from the records themselves, never added up."""

from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.catalog import Catalog, load_catalog
from kpi.explain import explain
from kpi.period import By, month_of, week_of
from kpi.value import Query, values
from store.moment import day_date
from store.table import TEAM
from tests.kpi.books import ANNA, BORIS, NOW, WON, Books, deal, seen_from
from tests.kpi.test_refresh import DAYS, on_one_store

wins = st.lists(
    st.tuples(
        st.sampled_from((ANNA, BORIS)),
        st.sampled_from(DAYS),
        st.sampled_from(("company:1", "company:2", "contact:3", None)),
    ),
    max_size=12,
)
SPANS: dict[By, Any] = {
    "day": lambda day: day,
    "week": lambda day: week_of(day).start,
    "month": lambda day: month_of(day).start,
    "total": lambda day: date(2025, 12, 1),
}


def of_client(ref: str, who: int, day: int, client: str | None) -> tuple[Any, ...]:
    row = deal(ref, by=who, state=WON, created=DAYS[0], closed=day)
    return (*row[:8], client, *row[9:])


@settings(on_one_store, max_examples=25)
@given(found=wins)
def test_it_is_the_number_of_values_in_every_span(
    books: Books, catalog: Catalog, found: list[tuple[int, int, str | None]]
) -> None:
    books.burn()
    books.read_up_to(NOW)
    books.deals(*(of_client(str(at), *each) for at, each in enumerate(found)))
    for by, start in SPANS.items():
        expected: dict[tuple[int, date], set[str]] = {}
        for who, day, client in found:
            for manager in (who, TEAM):
                if client is not None:
                    key = manager, start(day_date(day))
                    expected.setdefault(key, set()).add(client)
        query = Query(
            since=date(2025, 12, 1), until=date(2026, 3, 31), by=by, metrics=("clients_bought",),
            manager_ids=(ANNA, BORIS, TEAM),
        )  # fmt: skip
        shown = values(books.store, catalog, query, seen_from(NOW))
        counts = {(each.manager_id or TEAM, each.period): each.value for each in shown}
        assert {key: n for key, n in counts.items() if n} == {
            key: len(clients) for key, clients in expected.items()
        }


def test_the_first_record_of_a_value_counts_and_the_others_are_told(
    books: Books, catalog: Catalog
) -> None:
    books.read_up_to(NOW)
    books.deals(
        of_client("1", ANNA, 20261003, "company:1"),
        of_client("2", ANNA, 20261002, "company:1"),
        of_client("3", ANNA, 20261004, "company:2"),
        of_client("4", ANNA, 20261004, None),
    )
    told = explain(
        books.store, catalog, manager_id=ANNA, metric="clients_bought",
        span=month_of(date(2026, 10, 1)), vantage=seen_from(NOW),
    )  # fmt: skip
    (part,) = told.parts
    assert [(each.ref, each.contribution) for each in part.records] == [
        ("2", 1),
        ("1", 0),
        ("3", 1),
    ]
    assert (told.value.value, told.value.n, part.total) == (2, 3, 2)


def test_one_telephone_of_two_systems_is_one(books: Books, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[numbers]\ntitle.ru = "Номера"\ncategory = "activity"\nfact = "call"\n'
        'when = "started_at"\nvalue = "distinct:client_hash"\nunit = "numbers"\n'
    )
    mine = load_catalog([file])
    assert mine.find("numbers").unit == "numbers"
    assert "numbers" in mine.board_names
    assert "numbers" not in mine.columns.values()
