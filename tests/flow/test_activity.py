"""Letters and meetings of a portal become the true numbers, whatever happens meanwhile."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import By, month_of
from kpi.person import find_manager
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.bitrix24 import activity as kinds
from sandbox.bitrix24.activity_live import live_activity
from sandbox.bitrix24.listing import Query
from sandbox.bitrix24.truth_activity import TITLE
from tests.flow.agent import Numbers, shown_values
from tests.flow.kill import Kill, dying
from tests.flow.office import Office

ANNA = 7
STREAMS = ("users", "activities")


class Desk(Office):
    """A portal whose letters and meetings are counted."""

    mine = frozenset({"emails_sent", "emails_received", "meetings_held", "meetings_planned"})
    streams = STREAMS

    @property
    def activities(self) -> Any:
        return self.portal.activities

    def work(self, chance: random.Random, steps: int) -> None:
        people = [user.id for user in self.box.portal.users.values() if user.id != 1]
        for _ in range(steps):
            self.wait(seconds=chance.choice((0, 0.4, 1, 60, 7000)))
            live_activity(self.box.portal, chance, chance.choice(people))

    def agree(self, app: App) -> dict[By, Numbers]:
        """The store is the portal, too."""
        assert stored(app) == true_rows(self.box)
        return super().agree(app)


def true_rows(box: Any) -> set[tuple[Any, ...]]:
    """(id, state or kind, begun, changed) of every letter, meeting and to-do of the portal."""
    found = set()
    for row in box.portal.activities.rows(Query()):
        now = row.now
        if row.kind.type == 4:
            unsent = row.kind.direction == 2 and not now.completed
            kind = 1 if row.kind.provider != "CRM_EMAIL" else 2 if unsent else 0
        elif row.kind.type == 1 or row.kind.provider == "CRM_TODO":
            named = row.kind.type == 1 or now.event or TITLE.search(now.subject)
            kind = int(now.completed) if named else 2
        else:
            continue
        found.add((str(row.id), kind, int(now.start), int(now.updated_at)))
    return found


def stored(app: App) -> set[tuple[Any, ...]]:
    columns = "begun_at / 1000, updated_at / 1000"
    with app.store.read() as tx:
        rows = tx.exec_driver_sql(
            f"SELECT ref, kind, {columns} FROM email WHERE removed_at IS NULL UNION ALL "  # noqa: S608
            f"SELECT ref, state, {columns} FROM meeting WHERE removed_at IS NULL"
        )
        return {tuple(row) for row in rows}


def number(app: App, office: Office, metric: str) -> Any:
    """The team's number of this month."""
    today = office.clock.now.date()
    month = month_of(today)
    found = shown_values(app, since=month.first, until=month.last, by="month")
    return found[None, metric, month.first][0]


@pytest.mark.parametrize("seed", range(3))
def test_after_any_work_read_now_and_then_every_number_is_the_truth(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Desk.at(tmp_path / "work") as small, small.opened() as app:
        small.read(app)
        for _ in range(12):
            small.work(chance, chance.randrange(12))
            small.wait(minutes=5)
            small.read(app)
        run_sweep(app, "main", accept=True)
        agreed = small.agree(app)
    assert {metric for _, metric, _ in agreed["total"]} == small.mine


@pytest.mark.parametrize("before", [True, pytest.param(False, marks=pytest.mark.long)])
def test_killed_at_every_request_of_the_first_read_nothing_is_lost(
    tmp_path: Path, before: bool
) -> None:
    with Desk.at(tmp_path / "once", "small") as one, one.opened() as app:
        one.read(app)
        requests = len(one.box.log)
        one.agree(app)
    assert requests >= 2
    for number in range(1, requests + 1):
        with Desk.at(tmp_path / f"{number}", "small") as killed:
            with (
                killed.opened() as app,
                dying(app.client("main"), "batch", number, before=before),
                pytest.raises(Kill),
            ):
                run_cycle(app, "main", names=STREAMS)
            killed.wait(minutes=5)
            with killed.opened() as app:
                killed.read(app)
                assert stored(app) == true_rows(killed.box)
                assert not rebuild(app.store, app.catalog)


def test_a_to_do_counts_only_while_it_is_called_a_meeting(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "todo", "empty") as small, small.opened() as app:
        todo = small.activities.add(kinds.TODO_KIND, ANNA, subject="Позвонить", completed=True)
        for subject, held in (("Позвонить", 0), ("Встреча", 1), ("Отменено", 0), ("ZOOM", 1)):
            small.wait(minutes=5)
            small.activities.change(todo, subject=subject)
            small.read(app)
            assert number(app, small, "meetings_held") == held
            assert number(app, small, "meetings_planned") == held


def test_a_rescheduled_meeting_moves_and_belongs_to_whoever_has_it_then(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "moved", "empty") as small, small.opened() as app:
        start = small.clock.now + timedelta(hours=2)
        meeting = small.activities.add(kinds.MEETING_KIND, ANNA, start=start)
        small.read(app)
        assert (number(app, small, "meetings_planned"), number(app, small, "meetings_held")) == (
            1,
            0,
        )
        small.wait(hours=1)
        small.activities.change(meeting, responsible=9, start=start + timedelta(days=1))
        small.read(app)
        small.wait(days=2)
        small.activities.change(meeting, responsible=ANNA, completed=True)
        small.read(app)
        small.agree(app)


def test_what_was_deleted_goes_with_the_sweep_and_comes_back_with_the_next(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "bin", "empty") as small, small.opened() as app:
        letter = small.activities.add(kinds.RECEIVED, ANNA)
        meeting = small.activities.add(kinds.MEETING_KIND, ANNA)
        small.read(app)
        small.activities.delete(letter)
        small.activities.delete(meeting)
        small.read(app)
        (swept,) = run_sweep(app, "main")
        assert (swept.stream, swept.removed, swept.missed) == ("activities", 2, 0)
        assert number(app, small, "emails_received") == number(app, small, "meetings_planned") == 0
        small.activities.restore(letter)
        (swept,) = run_sweep(app, "main")
        assert (swept.removed, swept.missed) == (0, 1)
        assert number(app, small, "emails_received") == 1
        small.agree(app)


def test_another_title_rule_reads_everything_anew_and_once(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "rule") as small:
        small.activities.add(kinds.TODO_KIND, ANNA, subject="Визит", completed=True)
        with small.opened() as app:
            small.read(app)
            before = number(app, small, "meetings_held")
        rule = '\n[meetings.main]\ntodo_title = "встреч|meeting|zoom|визит"\n'
        small.settings.write_text(small.settings.read_text("utf-8") + rule, encoding="utf-8")
        small.wait(hours=1)
        with small.opened() as app:
            small.read(app)
            assert number(app, small, "meetings_held") == before + 1
            assert not rebuild(app.store, app.catalog)
            small.wait(hours=1)
            (_, again) = run_cycle(app, "main", names=STREAMS).streams
            assert again.read == 0


def test_a_number_is_explained_by_its_letters(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "why", "empty") as small, small.opened() as app:
        sent = [small.activities.add(kinds.SENT, ANNA, completed=True) for _ in range(3)]
        small.activities.add(kinds.MAILING, ANNA, completed=True)
        small.read(app)
        with app.store.read() as tx:
            anna = find_manager(app.store, f"main:{ANNA}")
            assert tx.exec_driver_sql("SELECT count(*) FROM email").scalar() == 4
        why = explain(
            app.store,
            app.catalog,
            manager_id=anna,
            metric="emails_sent",
            span=month_of(small.clock.now.date()),
            vantage=app.vantage,
        )
        assert why.agrees
        assert [int(row.ref) for row in why.parts[0].records] == sent


def test_neither_subject_nor_address_is_kept(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "quiet", "empty") as small, small.opened() as app:
        small.activities.add(kinds.SENT, ANNA, subject="Тайная тема", completed=True)
        small.read(app)
    kept = b"".join(each.read_bytes() for each in (tmp_path / "quiet" / "data").glob("merilo.db*"))
    assert len(kept) > 1000
    assert "Тайная".encode() not in kept
    assert b"client.example" not in kept
