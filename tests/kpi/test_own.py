"""The way out: metrics whose cases a function in Python finds."""

from pathlib import Path

import pytest

from config.error import ConfigError
from kpi.catalog import Catalog, load_catalog
from kpi.error import AskError
from tests.kpi.books import Books
from tests.kpi.shelf import Shelf

ROWS = '''
"""Deals of a period, as cases."""

from datetime import timedelta

from sqlalchemy import select

from kpi.own import Case
from store.table import DEAL


def cases(ask):
    """Deals created."""
    query = select(DEAL).where(DEAL.c.created_day.between(*ask.days)).order_by(DEAL.c.ref)
    for deal in ask.tx.execute(query):
        number = int(deal.ref) * ask.options.get("times", 1)
        case = Case(deal.created_by, deal.source_id, deal.ref, deal.created_at, number, 10)
        if ask.options.get("of"):
            case = case._replace(of=(("odd", str(number % 2)),))
        yield case._replace(key=number % 2)
'''
TABLE = """\
[{name}]
title.ru = "Мой"
category = "quality"
fact = "deal"
python = "rows.py:cases"
combine = "{combine}"
unit = "{unit}"
{more}
"""


def declared(folder: Path, *tables: tuple[str, str, str, str]) -> Catalog:
    (folder / "rows.py").write_text(ROWS, encoding="utf-8")
    text = "".join(
        TABLE.format(name=name, combine=combine, unit=unit, more=more)
        for name, combine, unit, more in tables
    )
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return load_catalog([file])


def test_a_function_beside_the_file_finds_the_cases(books: Books, tmp_path: Path) -> None:
    shelf = Shelf(books)
    for ref, who in (("1", 1), ("2", 1), ("6", 2)):
        shelf.deal(ref, "10-05", who)
    shelf.deal("9", "11-05")
    catalog = declared(
        tmp_path,
        ("mine_sum", "sum", "points", ""),
        ("mine_mean", "mean", "points", "options = { times = 2 }"),
        ("mine_median", "median", "money", ""),
        ("mine_share", "share", "ratio", ""),
        ("mine_keys", "distinct", "kinds", ""),
    )
    names = [f"mine_{each}" for each in ("sum", "mean", "median", "share", "keys")]
    assert [shelf.one(catalog, name) for name in names] == [3, 3, "0.02", 0.15, 2]
    assert [shelf.one(catalog, name, 0) for name in names] == [9, 6, "0.02", 0.3, 2]
    assert [shelf.one(catalog, name, 3) for name in names] == [0, None, None, None, 0]
    for name in names:
        told = shelf.told(catalog, name, 0)
        assert told.agrees
        assert {each.ref for part in told.parts for each in part.records} == {"1", "2", "6"}


def test_it_may_stand_in_a_formula_and_be_told_apart(books: Books, tmp_path: Path) -> None:
    shelf = Shelf(books)
    for ref in ("1", "2", "3"):
        shelf.deal(ref, "10-05")
    catalog = declared(
        tmp_path,
        ("mine_sum", "sum", "points", ""),
        ("mine_odd", "sum", "points", 'by = "odd"\noptions = { of = true }'),
    )
    formula = tmp_path / "more.toml"
    formula.write_text(
        '[per_deal]\ntitle.ru = "На сделку"\ncategory = "quality"\nunit = "points"\n'
        'formula = "mine_sum / deals_created"\n'
    )
    more = load_catalog([tmp_path / "mine.toml", formula])
    (found,) = shelf.ask(more, "per_deal")
    assert (found.value, found.numerator, found.denominator, found.n) == (2, 6, 3, 3)
    told = shelf.told(more, "per_deal")
    assert {part.metric: part.sides for part in told.parts} == {
        "mine_sum": ("numerator",),
        "deals_created": ("denominator",),
    }
    assert [((each.of or {})["odd"], each.value) for each in shelf.ask(more, "mine_odd")] == [
        ("1", 4),
        ("0", 2),
    ]
    with pytest.raises(AskError, match="has a value for each odd"):
        catalog.column("mine_odd")


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("rows.py", "must name a function"),
        ("gone.py:cases", "gone.py cannot be loaded"),
        ("rows.py:nothing", "has no function nothing"),
        ("broken.py:cases", "broken.py cannot be loaded: ZeroDivisionError"),
        ("no_such_module_here:cases", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_function_that_is_not_there_is_a_mistake_in_its_place(
    tmp_path: Path, python: str, message: str
) -> None:
    (tmp_path / "rows.py").write_text(ROWS, encoding="utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    file = tmp_path / "mine.toml"
    text = TABLE.format(name="mine", combine="sum", unit="points", more="")
    file.write_text(text.replace("rows.py:cases", python), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_catalog([file])
    (found,) = caught.value.problems
    assert (found.key, found.line) == ("mine.python", 5)
    assert message in found.message


def test_a_function_that_fails_is_named(books: Books, tmp_path: Path) -> None:
    shelf = Shelf(books)
    shelf.deal("letters", "10-05")
    catalog = declared(tmp_path, ("mine_sum", "sum", "points", ""))
    with pytest.raises(ConfigError, match=r"rows\.py:cases failed: ValueError"):
        shelf.one(catalog, "mine_sum")


def test_what_awaits_a_source_is_unknown_for_ever(books: Books, catalog: Catalog) -> None:
    shelf = Shelf(books)
    shelf.deal("1", "10-05")
    (found,) = shelf.ask(catalog, "crm_time")
    assert (found.value, found.n, found.state) == (None, None, "unknown")
    assert shelf.told(catalog, "crm_time").parts == ()
