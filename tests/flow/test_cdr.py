"""An Asterisk's books read from a database; the agent's numbers are those of the exchange."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.cdr.database import Database
from kpi.period import By
from merilo.cycle import run_cycle, run_late
from merilo.wiring import App
from sandbox.asterisk import linkedid
from tests.clock import Clock, Hurry
from tests.flow.agent import agent
from tests.flow.pbx_books import Books, kept_in_a_file, opened, settings_of
from tests.flow.switchboard import METRICS, ring_up, shown_values, true_values
from tests.flow.switchboard_suite import PowerCuts, SetAside, Vendor
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

SINCE = date(2026, 9, 25)


@dataclass(frozen=True)
class Asterisk(Vendor):
    """An exchange without a vendor's server: its books are read."""

    def start(self, scale: str, clock: Clock | Hurry, seed: int = 5) -> AbstractContextManager[Any]:
        """Books in a file, of the one company there is."""
        assert seed == 5
        return kept_in_a_file(scale, clock)


def ids_of(books: Books) -> dict[str, int]:
    """By extension: the books know nothing else."""
    return {one.extension: one.id for one in books.exchange.employees.values()}


VENDOR = Asterisk(
    "cdr",
    settings_of,
    ids_of,
    names=lambda books, call: [linkedid(call)],
    request=(Database, "_all"),
    since=SINCE,
    told=Books.told,
    knows_people=False,
    write=Books.write,
)
agree = VENDOR.agree


class TestAsterisk(PowerCuts, SetAside):
    """Tables of calls and events, each question a request."""


@pytest.fixture
def books(box: Books) -> Books:
    return box


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Books]]:
    """Half a year of a small company, read in one pass."""
    folder, clock = tmp_path_factory.mktemp("cdr"), Clock()
    with (
        opened(f"sqlite:///{folder}/cdr.db", clock, scale="small") as books,
        agent(settings_of(folder, books), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        yield app, books


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_of_every_manager_and_the_team_is_the_truth(
    read_once: tuple[App, Books], by: By
) -> None:
    app, books = read_once
    agreed = agree(app, books, since=date(2026, 4, 15), by=by)
    assert {metric for _, metric, _ in agreed} == set(METRICS)


def test_freepbx_tables_in_postgresql_tell_the_same(
    postgres_url: str,
    clock: Clock,
    tmp_path: Path,
) -> None:
    with (
        opened(postgres_url, clock) as books,
        agent(settings_of(tmp_path, books), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        agree(app, books)
        clock.forward(minutes=5)
        assert [each.changed for each in run_cycle(app, "pbx").streams] == [0]


def test_a_poll_over_the_overlap_changes_nothing(
    books: Books, clock: Clock, tmp_path: Path
) -> None:
    with agent(settings_of(tmp_path, books), clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, books)
        clock.forward(minutes=5)
        again = run_cycle(app, "pbx")
        assert not again.errors
        assert [each.changed for each in again.streams] == [0]
        assert [(each.changed, each.error) for each in run_late(app, "pbx")] == [(0, None)]


def test_live_calls_are_read_as_they_end(books: Books, clock: Clock, tmp_path: Path) -> None:
    chance = random.Random(3)
    with agent(settings_of(tmp_path, books), clock) as app:
        for _ in range(4):
            assert not run_cycle(app, "pbx").errors
            for _ in range(6):
                clock.forward(seconds=chance.choice((1, 400, 4000)))
                books.exchange.live_step(chance)
                books.write()
        clock.forward(seconds=61)
        assert not run_cycle(app, "pbx").errors
        agree(app, books)


def test_a_call_written_a_day_late_is_found(books: Books, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, books), clock) as app:
        assert not run_cycle(app, "pbx").errors
        ring_up(books, clock().timestamp(), told_later=86_400)
        clock.forward(hours=25)
        books.write()
        assert not run_cycle(app, "pbx").errors
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, books)


def test_without_events_calls_are_counted_and_talk_is_an_upper_bound(
    clock: Clock, tmp_path: Path
) -> None:
    with (
        opened(f"sqlite:///{tmp_path}/cdr.db", clock, cel=False) as books,
        agent(settings_of(tmp_path, books), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        until = clock().date()
        shown = shown_values(app, ids_of(books), since=SINCE, until=until, by="total")
        true = true_values(books.told(), since=SINCE, until=until, by="total")
    assert true
    for key, (value, _) in true.items():
        metric = key[1]
        if metric == "talk_time":
            assert value <= shown[key][0] <= value + 40 * 60
        elif metric != "calls_120s":
            assert shown[key][0] == value, key


def test_a_run_broken_at_any_page_loses_and_doubles_nothing(
    books: Books, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.cdr.stream.PAGE", 7)
    with agent(settings_of(tmp_path, books), clock) as app:
        for stop in (1, 2, 3):
            _stopped_after(app, stop)
        assert not run_cycle(app, "pbx").errors
        agree(app, books)


def _stopped_after(app: App, pages: int) -> None:
    seen = []

    def should_stop() -> bool:
        seen.append(1)
        return len(seen) >= pages

    assert run_cycle(app, "pbx", should_stop=should_stop).streams[0].stopped


def test_the_span_before_the_first_day_is_left_out(
    books: Books, clock: Clock, tmp_path: Path
) -> None:
    path = settings_of(tmp_path, books)
    recent = clock().date() - timedelta(days=9)
    path.write_text(path.read_text("utf-8").replace("2020-01-01", recent.isoformat()), "utf-8")
    with agent(path, clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, books, since=recent + timedelta(days=2))
