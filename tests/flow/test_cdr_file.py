"""An Asterisk's books in Master.csv, and an export: half written, cut off, whole, read again."""

import csv
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from merilo.cycle import run_cycle, run_late
from sandbox.asterisk import ROBOT_CONTEXT, Book, linkedid
from sandbox.conversation import INTERNAL, ROBOT
from sandbox.exchange import Exchange, build_exchange
from tests.clock import Clock
from tests.flow.agent import agent, write_file
from tests.flow.switchboard import ring_up, stored_legs

OFFSET_S = 5 * 3600
EXPORT = Path(__file__).parents[1] / "payloads" / "telephony" / "sipuni" / "export.csv"


@dataclass(frozen=True)
class Log:
    """An exchange whose calls are written into Master.csv as they end, with queue_log beside it."""

    exchange: Exchange
    folder: Path

    def write(self, *, without: int = 0) -> None:
        """Writes what has ended, except so many last characters."""
        book = Book(OFFSET_S)
        book.write(self.exchange.ended(0, float("inf")))
        (self.folder / "queue_log").write_text("\n".join([*book.queue_log, ""]), "utf-8")
        text = StringIO()
        rows = sorted(map(_line, book.cdr), key=lambda row: str(row[11]))
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        whole = text.getvalue()
        (self.folder / "Master.csv").write_text(whole[: len(whole) - without], "utf-8")

    def settings(self) -> Path:
        """A settings file of the source `pbx` that reads it."""
        return settings_of(
            self.folder,
            f"""
profile = "asterisk"
file = "{self.folder / "Master.csv"}"
queue_log = "{self.folder / "queue_log"}"
robots = ["{ROBOT_CONTEXT}"]
""",
        )

    def clients_calls(self) -> set[str]:
        """The calls with clients, as Asterisk names them."""
        ended = self.exchange.ended(0, float("inf"))
        return {linkedid(c) for c in ended if c.direction != INTERNAL and c.kind != ROBOT}


def _line(row: dict[str, Any]) -> list[Any]:
    end = row["calldate"] + timedelta(seconds=row["duration"])
    answer = end - timedelta(seconds=row["billsec"]) if row["disposition"] == "ANSWERED" else ""
    names = ("src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata")
    times = row["calldate"], answer, end, row["duration"], row["billsec"]
    ids = row["uniqueid"], "", "", row["linkedid"], row["sequence"]
    return ["", *(row[name] for name in names), *times, row["disposition"], "DOCUMENTATION", *ids]


def settings_of(folder: Path, keys: str) -> Path:
    """A settings file of the source `pbx`, which reads a file."""
    return write_file(folder, f'[sources.pbx]\nconnector = "cdr"\nsince = "2020-01-01"\n{keys}')


@pytest.fixture
def log(clock: Clock, tmp_path: Path) -> Log:
    return Log(build_exchange("tiny", 5, clock), tmp_path)


def test_a_poll_over_the_overlap_of_a_file_changes_nothing(log: Log, clock: Clock) -> None:
    ring_up(log, clock().timestamp() - 3600)
    log.write()
    with agent(log.settings(), clock) as app:
        assert not run_cycle(app, "pbx").errors
        kept = stored_legs(app)
        assert {call for _, call, *_ in kept} == log.clients_calls()
        clock.forward(minutes=5)
        again = [*run_cycle(app, "pbx").streams, *run_late(app, "pbx")]
        assert {(each.read > 0, each.changed, each.error) for each in again} == {(True, 0, None)}
        assert stored_legs(app) == kept


def test_a_line_that_is_being_written_is_neither_lost_nor_doubled(log: Log, clock: Clock) -> None:
    last = linkedid(ring_up(log, clock().timestamp() - 300))
    log.write(without=40)
    with agent(log.settings(), clock) as app:
        (first,) = run_cycle(app, "pbx").streams
        assert (first.error, first.quarantined) == (None, 0)
        begun = stored_legs(app)
        assert {call for _, call, *_ in begun} == log.clients_calls() - {last}
        log.write()
        clock.forward(minutes=5)
        assert not run_cycle(app, "pbx").errors
        whole = stored_legs(app)
        assert {call for _, call, *_ in whole - begun} == {last}
        assert begun < whole
        assert len({ref for ref, *_ in whole}) == len(whole)


def test_an_export_cut_off_is_told_by_name_and_line_and_counts_once_when_whole(
    tmp_path: Path,
) -> None:
    clock = Clock(datetime(2026, 11, 22, tzinfo=UTC))
    path, content = tmp_path / "export.csv", EXPORT.read_bytes()
    settings = settings_of(tmp_path, f'profile = "sipuni"\nfile = "{path}"\n')
    with agent(settings, clock) as app:
        put(path, content[:-40], clock())
        (error,) = run_cycle(app, "pbx").errors
        assert "export.csv, line 5: the file is cut off: 6 columns of 17" in str(error)
        assert stored_legs(app) == set()
        put(path, content, clock())
        assert not run_cycle(app, "pbx").errors
        assert len(stored_legs(app)) == 3
        clock.forward(minutes=5)
        (again,) = run_cycle(app, "pbx").streams
        assert (again.read, again.changed) == (4, 0)


def put(path: Path, content: bytes, at: datetime) -> None:
    """Leaves a file as if somebody had done so at a moment."""
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
