"""The page of a real store: what the sandbox's clock did is what a head of sales reads."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from merilo.command.status import _lines
from merilo.cycle import run_cycle
from merilo.doctor import find_problems
from merilo.status import read_status
from merilo.wiring import App
from sandbox.bitrix24.call import Leg
from sandbox.server import Box, start_sandbox
from tests.clock import Clock
from tests.flow.agent import agent, write_settings
from tests.web.site import served
from web.board import Cell
from web.reader import StoreReader

NOON = datetime(2026, 10, 15, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """The clock of a test."""
    return Clock(NOON)


@pytest.fixture
def box(clock: Clock) -> Iterator[Box]:
    """A portal in which nothing has happened yet."""
    with start_sandbox(
        "bitrix24", scale="empty", seed=1, limits=False, tls=False, clock=clock, speed=0.0
    ) as started:
        yield started


@pytest.fixture
def app(tmp_path: Path, box: Box, clock: Clock) -> Iterator[App]:
    """An agent that has read nothing yet."""
    with agent(write_settings(tmp_path, box, since="2026-09-01"), clock=clock) as opened:
        yield opened


def reader(app: App) -> StoreReader:
    return StoreReader(
        settings=app.settings,
        store=app.store,
        catalog=app.catalog,
        link=app.record_url,
        vantage=lambda: app.vantage,
    )


def numbers(cells: Mapping[str, Cell], *metrics: str) -> list[float]:
    return [float(cells[metric].value or 0) for metric in metrics]


def work(box: Box, won: int = 2, lost: int = 4, at: datetime = NOON) -> None:
    """Deals of Анна Петрова (user 7) and a call of hers, shortly before `at`."""
    portal = box.portal
    for number in range(won + lost):
        begun = at - timedelta(hours=3)
        deal = portal.create_deal(7, amount=100_000, at=begun)
        portal.update_deal(
            deal, stage="WON" if number < won else "LOSE", at=at - timedelta(hours=1)
        )
    portal.add_call(Leg(7, type=1, duration=130, start=at - timedelta(hours=2)))


def test_before_the_first_read_everything_is_unknown(app: App) -> None:
    board = reader(app).board()
    assert board.rows == []
    assert {cell.state for cell in board.team.now.values()} == {"unknown"}
    assert [source.as_of for source in board.sources] == [None]
    with served(reader(app)) as client:
        html = client.get("/").text
    assert "Пока ни одного менеджера" in html
    assert "ещё не прочитан" in html


def test_the_board_shows_what_the_company_did(app: App, box: Box, clock: Clock) -> None:
    work(box, won=1, lost=0, at=NOON - timedelta(days=30))
    work(box)
    run_cycle(app, "main")
    board = reader(app).board()
    assert (board.month, board.before, board.today) == (
        date(2026, 10, 1),
        date(2026, 9, 1),
        date(2026, 10, 15),
    )
    (anna,) = board.rows
    assert anna.name == "Анна Петрова"
    assert numbers(anna.now, "deals_won", "revenue", "calls_120s", "talk_time") == [2, 2e5, 1, 130]
    assert numbers(anna.before, "deals_won") == [1]
    assert numbers(board.team.now, "revenue") == [200_000]
    assert anna.now["win_rate"].parts == (Decimal(2), Decimal(6))


def test_a_share_is_rounded_once(app: App, box: Box) -> None:
    work(box, won=25, lost=21)
    run_cycle(app, "main")
    with served(reader(app)) as client:
        assert "54,3\u202f%" in client.get("/").text
        shown = client.get("/api/board.json").json()["team"]["values"]["win_rate"]["now"]
    assert shown["value"] == 0.5435


def test_the_pace_compares_with_the_same_day_of_the_month_before(app: App, box: Box) -> None:
    for day, won in ((5, 1), (15, 2), (25, 4)):
        work(box, won=won, lost=0, at=datetime(2026, 9, day, 12, tzinfo=UTC))
    work(box, won=3, lost=0)
    run_cycle(app, "main")
    board = reader(app).board()
    pace = board.pace["deals_won"]
    assert pace.before_to_day.value == 3
    assert (len(pace.now), len(pace.before)) == (15, 30)
    assert sum(value or 0 for value in pace.before) == 7
    assert numbers(board.team.now, "deals_won") == [3]
    assert numbers(board.team.before, "deals_won") == [7]


def test_a_month_before_the_first_read_reaches_is_unknown(app: App, box: Box) -> None:
    work(box)
    run_cycle(app, "main")
    board = reader(app).board(date(2026, 9, 1))
    assert {cell.state for cell in board.team.before.values()} == {"unknown"}
    assert board.team.now["deals_won"].state == "value"


def test_data_that_grow_old_are_partial_and_the_page_warns(
    app: App, box: Box, clock: Clock
) -> None:
    work(box)
    run_cycle(app, "main")
    clock.now = NOON + timedelta(hours=5)
    board = reader(app).board()
    cell = board.team.now["revenue"]
    assert cell == Cell(value=Decimal("200000.00"), state="partial", covered_at=NOON)
    assert board.sources[0].stale
    with served(reader(app)) as client:
        html = client.get("/").text
    assert "устарели: последний раз прочитаны 12:00" in html
    assert "неполные: прочитано по 12:00" in html


def test_a_number_is_explained_by_records_that_add_up_to_it(app: App, box: Box) -> None:
    work(box, won=3, lost=0)
    run_cycle(app, "main")
    (anna,) = reader(app).board().rows
    found = reader(app).explain(anna.manager_id, "revenue", date(2026, 10, 1))
    (section,) = found.sections
    assert section.total == sum(record.amount or 0 for record in section.records) == 300_000
    with served(reader(app)) as client:
        page = client.get(f"/explain?manager={anna.manager_id}&metric=revenue").text
    for record in section.records:
        assert f'href="{record.url}"' in page


def test_status_and_doctor_tell_how_it_is_and_what_to_do(app: App, box: Box, clock: Clock) -> None:
    before = read_status(app)
    assert {each.state for each in before.streams} == {"never"}
    assert "never_read" in {each.code for each in find_problems(app, before)}
    work(box)
    run_cycle(app, "main")
    status = read_status(app)
    assert {each.state for each in status.streams} == {"ok"}
    assert {each.stream: each.rows for each in status.streams}["deals"] == 6
    assert "never_read" not in {each.code for each in find_problems(app, status)}
    clock.now = NOON + timedelta(hours=2)
    late = read_status(app)
    assert late.to_json()["streams"][0]["state"] == "stale"
    assert late.to_json()["streams"][0]["lag_s"] == 7200
    problems = {each.code: each for each in find_problems(app, late)}
    assert {"stale", "not_running", "weak_master_key"} <= problems.keys()
    assert "merilo sync main" in problems["stale"].todo
    assert any("2 часа назад" in line for line in _lines(late, "ru"))


def test_a_source_that_cannot_be_read_is_told_with_its_reason(app: App, box: Box) -> None:
    box.portal.access.expired = True
    run_cycle(app, "main")
    status = read_status(app)
    assert "failing" in {each.state for each in status.streams}
    problems = [each for each in find_problems(app, status) if each.code == "failing"]
    assert problems
    assert box.webhook not in str(problems) + str(status)
