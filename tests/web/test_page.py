"""What the page says, read as a program reads it."""

import dataclasses
import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from tests.web.company import COLUMNS, NOW, FakeReader, board
from tests.web.site import served
from web.board import UNKNOWN, Board, Cell, Explanation, SourceAge
from web.page import Page, in_order

VOID = {"meta", "link", "input", "br", "col", "path", "rect"}


class Tree(HTMLParser):
    """Fails on tags that do not nest; collects ids and the text of cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def cells_of(html: str, name: str) -> list[str]:
    """The texts of a manager's row, this month's only, in the order of the page."""
    row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', html, re.S)
    assert row is not None
    found = re.findall(r'<div class="now">(.*?)</div>', row[1], re.S)
    return [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in found]


def test_the_board_is_a_table_that_programs_can_read() -> None:
    with served() as client:
        tree = Tree(client.get("/").text)
    assert tree.all("html") == [{"lang": "ru"}]
    assert {head["scope"] for head in tree.all("th")} == {"col", "row", "colgroup"}
    assert len([head for head in tree.all("th") if head["scope"] == "row"]) == 11
    assert [head["aria-sort"] for head in tree.all("th") if "aria-sort" in head] == ["descending"]
    assert len(tree.all("h1")) == 1
    assert len(tree.all("caption")) == 1


def test_nothing_comes_from_elsewhere_and_no_style_stands_in_the_page() -> None:
    with served() as client:
        html = client.get("/").text
        css = client.get("/static/board.css").text
    tree = Tree(html)
    addresses = [each.get("href") or "" for each in tree.all("a") + tree.all("link")]
    addresses += [each.get("src") or "" for each in tree.all("script")]
    assert not [each for each in addresses if "//" in each]
    assert not [attrs for _, attrs in tree.tags if "style" in attrs]
    assert not [attrs for _, attrs in tree.tags if any(key.startswith("on") for key in attrs)]
    assert "<style" not in html
    assert "url(" not in css
    assert "@import" not in css


def test_unknown_is_words_nothing_to_measure_a_dash_and_zero_a_zero() -> None:
    with served() as client:
        html = client.get("/").text
    heads = ["revenue", "deals_created", "deals_won", "deals_lost", "average_deal", "win_rate"]
    vera = cells_of(html, "Вера Соколова")
    assert vera[6] == "нет данных"
    igor = dict(zip(heads, cells_of(html, "Игорь Лаптев"), strict=False))
    assert (igor["revenue"], igor["deals_won"]) == ("0", "0")
    assert (igor["average_deal"], igor["win_rate"]) == ("—", "—")
    assert "Это не ноль" in html


def test_a_partial_number_says_up_to_when_it_was_read() -> None:
    with served() as client:
        html = client.get("/").text
    assert "неполные: прочитано по 09:32" in html
    assert cells_of(html, "Егор Мельниченко")[6].split() == ["◐", "данные", "неполные", "69"]


def test_the_month_before_stands_beside_each_number() -> None:
    shown = board()
    row = shown.rows[0]
    with served(shown) as client:
        html = client.get("/").text
    before = row.before["deals_created"].value
    assert f"октябрь целиком: {before}" in html
    assert "Под числом — октябрь 2026 целиком" in html
    assert "к 21 октября" in html


def test_the_age_of_every_source_is_shown() -> None:
    with served() as client:
        html = client.get("/").text
    assert "на 14:31, 1 минуту назад" in html
    assert "только что" in html
    assert 'class="stale"' not in html


def test_old_data_warn_with_their_reason() -> None:
    old = SourceAge(
        name="pbx", as_of=NOW - timedelta(hours=27), stale=True, reason="АТС <молчит> & всё"
    )
    with served(dataclasses.replace(board(), sources=[old])) as client:
        html = client.get("/").text
    assert "устарели: последний раз прочитаны 20 ноября, 11:32" in html
    assert "АТС &lt;молчит&gt; &amp; всё" in html
    assert "27 часов назад" in html


def test_without_managers_the_page_says_what_to_do() -> None:
    with served(dataclasses.replace(board(), rows=[])) as client:
        tree = client.get("/").text
    assert "Пока ни одного менеджера" in tree
    assert "merilo check" in tree
    assert "<table" not in tree


def test_a_page_of_three_hundred_managers_is_valid_and_quick() -> None:
    with served(board(300)) as client:
        client.get("/")
        answer = client.get("/")
    assert len(Tree(answer.text).all("tr")) == 303
    assert answer.elapsed < timedelta(seconds=3)


def test_names_cannot_become_markup() -> None:
    shown = board(1, troubled=False)
    evil = dataclasses.replace(shown.rows[0], name="<script>alert(1)</script>")
    with served(dataclasses.replace(shown, rows=[evil])) as client:
        html = client.get("/").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("month=2026-10", 200),
        ("month=2026-13", 400),
        ("month=now", 400),
        ("month=2026-12", 404),
        ("month=1999-01", 404),
        ("sort=nonsense", 200),
        ("sort=name&order=desc", 200),
    ],
)
def test_an_address_with_a_mistake_gets_a_quiet_page(query: str, status: int) -> None:
    with served() as client:
        answer = client.get(f"/?{query}")
    assert answer.status_code == status
    Tree(answer.text)
    assert ("Traceback" in answer.text, "lang=" in answer.text) == (False, True)


def test_rows_without_a_value_come_last_whichever_way_is_sorted() -> None:
    rows = board().rows
    for ascending in (True, False):
        ordered = in_order(rows, "calls_in", ascending=ascending)
        values = [row.now["calls_in"].value for row in ordered]
        assert values[-1] is None
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=not ascending)


def test_a_number_leads_to_the_records_behind_it() -> None:
    with served() as client:
        html = client.get("/").text
        assert 'href="explain?manager=1&amp;metric=revenue"' in html
        page = client.get("/explain?manager=1&metric=revenue").text
    Tree(page)
    assert "Анна Петрова" in page
    assert 'href="https://example.bitrix24.ru/crm/deal/details/4100/"' in page
    assert "курс неизвестен" in page


@pytest.mark.parametrize(
    "query", ["manager=999&metric=revenue", "manager=1&metric=x", "manager=x&metric=revenue", ""]
)
def test_there_is_no_explanation_of_what_nobody_knows(query: str) -> None:
    with served() as client:
        assert client.get(f"/explain?{query}").status_code == 404


def test_the_same_values_come_as_json() -> None:
    shown = board()
    with served(shown) as client:
        answer = client.get("/api/board.json").json()
    vera = next(each for each in answer["managers"] if each["manager"] == "Вера Соколова")
    assert vera["values"]["calls_in"]["now"] == {
        "value": None,
        "state": "unknown",
        "covered_at": None,
    }
    assert answer["team"]["values"]["revenue"]["now"]["value"] == str(
        shown.team.now["revenue"].value
    )
    assert answer["team"]["manager_id"] is None


def test_the_page_speaks_english_when_asked_to() -> None:
    with served(language="en") as client:
        html = client.get("/").text
    assert 'lang="en"' in html
    assert "no data" in html
    assert "November 2026" in html


@pytest.mark.parametrize("metric", [column.metric for column in COLUMNS])
def test_an_unknown_cell_never_looks_like_a_number(metric: str) -> None:
    column = next(each for each in COLUMNS if each.metric == metric)
    for language in ("ru", "en"):
        page = Page(language)
        unknown = page.show(UNKNOWN, column, board())
        zero = page.show(Cell(value=Decimal(0)), column, board())
        assert not re.search(r"\d", unknown.text)
        assert re.search(r"0", zero.text)
        assert unknown.kind != zero.kind


def test_a_mistake_of_ours_shows_no_traceback() -> None:
    class Broken(FakeReader):
        def board(self, month: date | None = None) -> Board:
            raise RuntimeError("secret-ish detail")

        def explain(self, manager_id: int | None, metric: str, month: date) -> Explanation:
            raise RuntimeError

    with served(Broken(board())) as client:
        answer = client.get("/")
    assert answer.status_code == 500
    assert "detail" not in answer.text
    assert "Что-то пошло не так у нас" in answer.text
