"""The page of the hand-made month: every rule has its rows, and its sums are those of the files."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi.catalog import Catalog, load_catalog
from kpi.person import find_manager
from kpi.value import Query, values
from store.store import Store
from store.table import TEAM
from tests.gold import book, check
from tests.gold.company import NAMES, Reading, vantage
from tests.store.quick import open_quick_store

ROOT = book.FOLDER.parents[1]
PAGE = (book.FOLDER / "README.md").read_text(encoding="utf-8")
RULES = PAGE.partition("## Every rule and its rows")[2].partition("\n## ")[0]
NAMED = {"people": "account {ref}", "rates": "rate {currency}", "calls": "{SESSION_ID}"}
OF_A_DEAL = {"moves": "{deal}", "owners": "{deal}"}
FILES = ("people", "calls", "deals", "moves", "owners", "leads", "quotes", "mails", "meetings",
         "rates", "removals", "asked")  # fmt: skip
SUM = re.compile(r"^- (\w+): (.*\*\*)?(\d[\d.]*)(?:\*\*)?$", re.MULTILINE)


def rows() -> Iterator[tuple[str, book.Row]]:
    """Every row with the name by which the page calls it."""
    for file in FILES:
        name = NAMED.get(file) or OF_A_DEAL.get(file) or "{ref}"
        for row in book.rows(file):
            outer = row.get("EXTERNAL_CALL_ID") or row.get("CALL_ID")
            yield name.format_map(row) or str(outer), row


def table() -> dict[str, Sequence[str]]:
    """The rules of the page, each with the names of its rows."""
    lines = re.findall(r"^\| (.+) \| (.+) \|$", RULES, re.MULTILINE)
    return {rule: list(_meant(cell)) for rule, cell in lines if cell != "rows"}


def _meant(cell: str) -> Iterator[str]:
    for part in cell.split(", "):
        first, _, last = part.partition("..")
        if not last:
            yield part
            continue
        letter, start, end = first[0], int(first[1:]), int(last[1:])
        yield from (f"{letter}{number:02}" for number in range(start, end + 1))


def _series(name: str) -> str:
    """`ra` of ra1 to ra22; single rows are their own."""
    return name.rstrip("0123456789") if name.startswith("r") else name


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_quick_store()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_every_rule_of_the_page_has_rows_that_exist() -> None:
    known = {each for name, _ in rows() for each in (name, _series(name))}
    assert len(table()) > 60
    for rule, named in table().items():
        assert named, rule
        assert not set(named) - known, rule


def test_every_row_that_says_a_rule_is_in_the_table() -> None:
    named = {name for names in table().values() for name in names}
    saying = {name for name, row in rows() if row["rule"]}
    assert {name for name in saying if not {name, _series(name)} & named} == set()


def test_every_rule_is_told_by_a_row_in_words() -> None:
    saying = {each for name, row in rows() if row["rule"] for each in (name, _series(name))}
    assert [rule for rule, named in table().items() if not saying & set(named)] == []


def test_the_tests_that_the_page_names_exist() -> None:
    folder = ""
    for name in re.findall(r"`((?:tests/\w+/)?test_\w+\.py)`", RULES):
        folder = name.rpartition("/")[0] or folder
        assert (ROOT / folder / Path(name).name).is_file(), name


def test_the_sums_of_the_page_are_those_of_the_files() -> None:
    month = check.expected_month()
    sums = PAGE.partition("## Sums of the month")[2].partition("\n## ")[0]
    checked = set()
    for section in sums.split("\n### ")[1:]:
        metric, text = section.split("\n", 1)
        for who, _, told in SUM.findall(text):
            amount = Decimal(told) / (86_400 if metric == "days_to_win" else 1)
            found = Decimal(month[who, metric, ""].value)
            assert amount.quantize(Decimal("0.01")) == found.quantize(Decimal("0.01")), (
                who,
                metric,
            )
            checked.add((who, metric))
    metrics = {metric for _, metric in checked}
    assert checked == {(who, metric) for who in NAMES for metric in metrics}
    assert len(metrics) == len(sums.split("\n### ")) - 1 > 15


def test_what_is_asked_of_other_days_is_answered_as_it_is_written(
    store: Store, catalog: Catalog
) -> None:
    Reading().run(store, catalog)
    for row in book.rows("asked"):
        name = NAMES[row["who"]]
        query = Query(
            since=date.fromisoformat(row["since"]),
            until=date.fromisoformat(row["until"]),
            manager_ids=(TEAM if name is None else find_manager(store, name),),
            metrics=(row["metric"],),
        )
        seen_from = replace(vantage(), now=book.moment(row["at"]))
        (found,) = values(store, catalog, query, seen_from)
        shown = "" if found.value is None else str(found.value)
        assert (shown, found.state) == (row["value"], row["state"]), row["ref"]
