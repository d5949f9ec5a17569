"""Killed anywhere, the next start finishes the work, and nothing is created twice."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.writeback.office import MONTHS, Killer, KillSignal, Office, open_office


def _turns() -> Iterator[tuple[int, bool]]:
    for turn in itertools.count(1):
        yield turn, False
        yield turn, True


def _is_killed(office: Office, act: str, killer: Killer, place: str) -> bool:
    dying = office.dying_at_request if place == "request" else office.dying_at_commit
    with dying(killer):
        try:
            getattr(office, act)()
        except KillSignal:
            return True
    return False


def _created(office: Office) -> dict[str, int]:
    methods = [write.method for write in office.box.portal.writes]
    return {
        "types": methods.count("crm.type.add"),
        "fields": methods.count("userfieldconfig.add"),
        "items": methods.count("crm.item.add"),
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", ["request", "commit"])
def test_apply_killed_anywhere_is_finished_by_the_service(
    tmp_path: Path, place: str, after: bool
) -> None:
    for turn in itertools.count(1):
        with open_office(tmp_path / str(turn)) as office:
            if not _is_killed(office, "apply", Killer(at=turn, after=after), place):
                assert turn > 5
                return
            result = office.drain()
            if result.paused is not None:
                assert office.writes() == 0, "only an apply that never began waits for another"
                office.apply()
            assert office.agrees()
            assert _created(office) == {"types": 1, "fields": 6, "items": 4}
            office.box.log.clear()
            assert office.drain().written == 0
            assert len(office.box.log) == 0


@pytest.mark.parametrize("place", ["request", "commit"])
def test_a_drain_killed_anywhere_writes_every_change_once(tmp_path: Path, place: str) -> None:
    for turn, after in _turns():
        with open_office(tmp_path / f"{turn}-{after}") as office:
            office.apply()
            before = office.writes()
            office.scores[3, MONTHS[1]] |= {"calls_120s": 13, "win_rate": None}
            office.scores[5 - 1, MONTHS[0]] |= {"calls_120s": 1}
            if not _is_killed(office, "drain", Killer(at=turn, after=after), place):
                assert turn > 2
                return
            office.scores[3, MONTHS[1]] |= {"revenue": 5}
            office.drain()
            assert office.agrees()
            assert office.writes() - before <= 3
            assert office.drain(verify=True).conflicts == ()


def test_a_killed_apply_keeps_one_run_that_can_be_undone(office: Office) -> None:
    assert _is_killed(office, "apply", Killer(at=4, after=True), "request")
    assert office.drain().run == 1
    office.undo(1)
    assert office.processes == []


@pytest.mark.parametrize("place", ["request", "commit"])
def test_undo_killed_anywhere_may_be_called_again(tmp_path: Path, place: str) -> None:
    for turn, after in _turns():
        with open_office(tmp_path / f"{turn}-{after}") as office:
            office.apply()
            office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
            run = office.drain().run
            assert run is not None
            dying = office.dying_at_request if place == "request" else office.dying_at_commit
            with dying(Killer(at=turn, after=after)):
                try:
                    office.undo(run)
                    assert turn > 2
                    return
                except KillSignal:
                    pass
            office.undo(run)
            assert office.shown("calls_120s") == 12
            assert office.apply().conflicts == ()
            assert office.agrees()
