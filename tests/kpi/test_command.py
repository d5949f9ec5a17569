"""`merilo kpi` and `merilo explain` as a person or a script runs them."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from kpi.catalog import Catalog
from kpi.error import AskError
from kpi.value import Query, values
from merilo.board import print_board
from merilo.command import explain, kpi
from merilo.context import Context
from merilo.phrase import Phrase
from merilo.wiring import App
from store.store import open_store
from tests.kpi.books import ANNA, BORIS, LOST, MOSCOW, NOW, WON, Books, both, deal, seen_from

Run = Callable[..., Result]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    store = open_store("sqlite", tmp_path / "data")
    yield Books(store)
    store.close()


@pytest.fixture
def run(tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a verb on a month of Anna and Boris, seen from the first of November."""
    settings = tmp_path / "merilo.toml"
    settings.write_text('[merilo]\n[secrets]\nbackend = "vault"\nmaster_key = "generated"\n')
    monkeypatch.setattr(App, "vantage", property(lambda app: seen_from(NOW)))
    books.read_up_to(NOW)
    books.deals(
        deal("1", by=ANNA, state=WON, closed=20261010, amount=1234567_00),
        deal("2", by=ANNA, state=LOST, closed=20261011),
        deal("3", by=BORIS, state=WON, closed=20261011, amount=None),
    )
    books.calls(*both("c", ANNA, talk=3725), *both("d", ANNA, day=20261101))
    app = typer.Typer()
    app.add_typer(kpi.app, name="kpi")
    app.command()(explain.explain)

    def invoke(*words: str) -> Result:
        result = CliRunner().invoke(app, words, obj=Context(config_path=settings))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def lines(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_is_one_value_a_line(run: Run) -> None:
    found = lines(run("kpi", "--month", "2026-10", "--metric", "win_rate", "--json"))
    assert [(each["manager"], each["value"], each["period"]) for each in found] == [
        ("Анна", 0.5, "2026-10-01"),
        ("Борис", 1.0, "2026-10-01"),
        (None, 0.6667, "2026-10-01"),
    ]


def test_bare_is_the_current_month(run: Run) -> None:
    found = lines(run("kpi", "--json"))
    assert len({each["manager"] for each in found}) == 3
    assert {(each["period"], each["by"]) for each in found} == {("2026-11-01", "total")}
    calls = [each["value"] for each in found if each["metric"] == "calls_in"]
    assert calls == [1, 0, 1]


def test_from_without_to_ends_today(run: Run) -> None:
    wanted = ("--manager", "Анна", "--metric", "calls_in", "--metric", "calls_in")
    found = lines(run("kpi", "--from", "2026-10-30", "--by", "day", "--json", *wanted))
    assert [each["period"] for each in found] == ["2026-10-30", "2026-10-31", "2026-11-01"]


def test_a_table_for_people(run: Run) -> None:
    result = run("kpi", "--month", "2026-10")
    text = result.stdout.replace("\u00a0", " ")
    rows: dict[str, str] = {}
    for line in text.splitlines():  # columns that do not fit stand in a table below
        name = line.strip().split("  ")[0]
        rows[name] = rows.get(name, "") + line
    assert "01.10.2026 – 31.10.2026" in rows
    assert "Выручка," in text
    assert "₽" in text
    assert "1 234 567,00" in rows["Анна"]
    assert "1:02:05" in rows["Анна"]
    assert "50,0 %" in rows["Анна"]
    assert "0,00*" in rows["Борис"]
    assert "66,7 %" in rows["Команда"]
    assert [name for name in rows if name in ("Анна", "Борис", "Команда")][-1] == "Команда"
    assert (
        "* данные неполные, подробнее: merilo explain; прочитано: main/deals до 01.11.2026 12:00"
        in text
    )


def test_a_narrow_terminal_cuts_no_number(books: Books, catalog: Catalog) -> None:
    books.read_up_to(NOW)
    books.deals(deal("1", by=ANNA, state=WON, closed=20261010, amount=10**15))
    query = Query(since=date(2026, 10, 1), until=date(2026, 10, 31), by="month")
    found = values(books.store, catalog, query, seen_from(NOW))
    phrase = Phrase("ru", "RUB", MOSCOW)
    for width in (60, 80, 132):
        screen = io.StringIO()
        console = Console(file=screen, width=width)
        print_board(found, list(catalog.metrics.values()), phrase, console)
        text = screen.getvalue().replace("\u00a0", " ")
        assert "…" not in text
        assert text.count("10 000 000 000 000,00") == 2
        assert max(map(len, text.splitlines())) <= width


def test_unknown_is_said_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "vantage", property(lambda app: seen_from(NOW, main=("deals",))))
    text = run("kpi", "--month", "2026-10", "--metric", "calls_in").stdout
    assert text.count("нет данных") == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--month", "2026-10", "--from", "2026-10-01"),
        ("--to", "2026-10-01"),
        ("--from", "2026-10-02", "--to", "2026-10-01"),
        ("--from", "2026-10"),
        ("--month", "2026-W41"),
        ("--by", "year"),
    ],
)
def test_a_wrong_option_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    result = run("kpi", *words)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words", [("--manager", "Аня"), ("--metric", "revenu"), ("--from", "yesterday")]
)
def test_what_does_not_exist_is_refused(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(AskError):
        run("kpi", *words)


def test_rebuild_says_whether_the_cells_were_right(run: Run, books: Books) -> None:
    assert run("kpi", "rebuild").exit_code == 0
    with books.store.write() as tx:
        tx.exec_driver_sql("UPDATE kpi_day SET revenue = 5")
    repaired = run("kpi", "rebuild")
    assert repaired.exit_code == 70
    assert "отличались" in repaired.stderr
    assert run("kpi", "rebuild").exit_code == 0


def test_explain_lists_the_records(run: Run) -> None:
    found = lines(run("explain", "Анна", "win_rate", "2026-10", "--json"))
    assert [(each["part"], each["ref"], each["contribution"], each["at"]) for each in found] == [
        ("deals_won", "1", 1, "2026-10-10T09:00:00Z"),
        ("deals_lost", "2", 1, "2026-10-11T09:00:00Z"),
    ]
    assert {each["link"] for each in found} == {None}


def test_explain_for_people_ends_with_the_sum(run: Run) -> None:
    text = run("explain", "team", "revenue", "2026-10").stdout.replace("\u00a0", " ")
    head = "Команда · Выручка, ₽ · 01.10.2026 – 31.10.2026: 1 234 567,00*"
    assert text.splitlines()[0] == head
    assert "нет курса" in text
    assert "Итого" in text


def test_records_that_do_not_add_up_are_our_bug(run: Run, books: Books) -> None:
    assert run("kpi", "rebuild").exit_code == 0
    with books.store.write() as tx:
        tx.exec_driver_sql("UPDATE kpi_period SET calls_in = 5")
    result = run("explain", "team", "calls_in", "2026-10")
    assert result.exit_code == 70
    assert "merilo kpi rebuild" in result.stderr
