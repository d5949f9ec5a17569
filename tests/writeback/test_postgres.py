"""The ledger on PostgreSQL: a kill, a change, an undo."""

from pathlib import Path

from tests.postgres import postgres_server, postgres_url
from tests.writeback.office import MONTHS, Killer, KillSignal, open_office

__all__ = ["postgres_server", "postgres_url"]


def test_a_killed_apply_is_finished_and_undone_on_postgresql(
    tmp_path: Path,
    postgres_url: str,
) -> None:
    with open_office(tmp_path, postgres_url) as office:
        with office.dying_at_commit(Killer(at=8, after=True)):
            try:
                office.apply()
            except KillSignal:
                assert office.items == []
        assert office.drain().run == 1
        assert office.agrees()
        office.scores[3, MONTHS[1]] |= {"calls_120s": None}
        run = office.drain().run
        assert run is not None
        assert office.undo(run).put_back == 1
        assert office.shown("calls_120s") == 12
        assert office.undo(1).put_back == 4
        assert office.processes == []
