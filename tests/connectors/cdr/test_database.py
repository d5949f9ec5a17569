"""Databases: whatever columns they have, read only, with refusals that tell what to do."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from connectors.cdr.database import Database
from connectors.error import AuthError, RejectedError, RetryableError, ScopeError
from store.fact import TalkQuality
from tests.canary import canary
from tests.connectors.cdr.place import (
    COLUMNS,
    PAYLOADS,
    QUEUE_COLUMNS,
    client_of,
    legs_of,
    queue_rows,
    recorded,
    row,
    table_of,
)
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

TRUNK, ANNA, OLEG = "PJSIP/trunk-00000001", "PJSIP/101-00000002", "PJSIP/102-00000003"


def test_a_table_without_linkedid_is_read_by_uniqueid_and_warned_of(tmp_path: Path) -> None:
    columns = [name for name in COLUMNS if name not in ("linkedid", "sequence")]
    places = [COLUMNS.index(name) for name in columns]
    one = [row(0, 7, 5, TRUNK, ANNA)[place] for place in places]
    with structlog.testing.capture_logs() as logs:
        [leg] = legs_of(client_of(table_of(tmp_path, [one], columns)))
    assert leg.talk_s == 5
    assert [log["event"] for log in logs] == ["cdr.no_linkedid"]


def test_columns_of_other_names_are_named_in_the_settings(tmp_path: Path) -> None:
    columns = ["begun" if name == "calldate" else name for name in COLUMNS]
    path = table_of(tmp_path, [row(0, 7, 5, TRUNK, ANNA)], columns, "calls")
    with pytest.raises(RejectedError, match="calls has no column calldate"):
        legs_of(client_of(path, table="calls"))
    assert len(legs_of(client_of(path, table="calls", columns={"calldate": "begun"}))) == 1


def test_a_table_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    path = table_of(tmp_path, [row(0, 7, 5, TRUNK, ANNA)], name="other")
    with pytest.raises(RejectedError, match="cdr has no column calldate"):
        legs_of(client_of(path))


def test_mikopbx_s_own_table_is_read(tmp_path: Path) -> None:
    rows = json.loads((PAYLOADS / "mikopbx" / "cdr_ungrouped.json").read_text("utf-8"))
    records = rows["data"]["records"]
    path = table_of(
        tmp_path, [tuple(each.values()) for each in records], list(records[0]), "cdr_general"
    )
    legs = legs_of(client_of(path, profile="mikopbx"))
    assert [(leg.call_ref, leg.user_ref, leg.talk_s, leg.outcome) for leg in legs] == [
        ("mikopbx-1795165200.1", "101", 131, "answered"),
        ("mikopbx-1795165800.5", "101", 0, "missed"),
        ("mikopbx-1795165800.5", "102", 0, "missed"),
    ]
    assert legs[0].started_at.isoformat() == "2026-11-20T09:00:00.123000+00:00"
    assert (legs[0].ring_s, legs[0].outer_ref) == (17, "mikopbx-1795165200.1_a")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE cdr_general SET work_completed = '0' WHERE id = 11")
        database.execute("UPDATE cdr_general SET is_app = '1' WHERE id = 10")
        database.commit()
    [machine] = legs_of(client_of(path, profile="mikopbx"))
    assert (machine.user_ref, machine.talk_s) == (None, 0)


@pytest.mark.parametrize("form", ["julian", "text", "epoch"])
def test_kamailio_s_times_are_understood_however_they_are_kept(tmp_path: Path, form: str) -> None:
    at_s = 1_795_168_800.25
    kept = {"julian": at_s / 86_400 + 2_440_587.5, "text": "2026-11-20 10:00:00.250"}
    columns = ("start_time", "end_time", "duration", "src", "dst", "call_id")
    value = kept.get(form, at_s)
    rows = [
        (value, value, 3.011, "sip:79031112233@pbx", "101", "a@b"),
        (value, value, 3.6, "101", "79031112233", "c@d"),
        (value, value, 3.0, "101", "102", "e@f"),
    ]
    client = client_of(table_of(tmp_path, rows, columns, "cdrs"), profile="kamailio")
    first, second = legs_of(client)
    assert (first.user_ref, first.talk_s, second.user_ref, second.talk_s) == ("101", 3, "101", 4)
    assert abs(first.started_at.timestamp() - at_s) < 0.01
    assert first.quality is TalkQuality.UPPER_BOUND


def test_busy_days_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.cdr.database._MOST_ROWS", 20)
    rows = [row(at, 7, 5, TRUNK, ANNA, call=at) for at in range(0, 4_000, 10)]
    rows += [row(86_400, 7, 5, TRUNK, ANNA, call=9_999, number=at) for at in range(30)]
    rows = [(*one[:10], f"{1_795_168_800 + at}.{at}", *one[11:]) for at, one in enumerate(rows)]
    legs = legs_of(client_of(table_of(tmp_path, rows), zone="Europe/Moscow"))
    assert len({leg.call_ref for leg in legs}) == 401


def test_a_file_of_a_database_is_never_written(tmp_path: Path) -> None:
    folder = tmp_path / "a %20 b?#"
    folder.mkdir()
    path = recorded(folder)
    with (
        closing(Database.of_file(path)) as database,
        database.engine.connect() as connection,
        pytest.raises(OperationalError, match="readonly"),
    ):
        connection.exec_driver_sql("DELETE FROM cdr")
    before = path.read_bytes()
    legs_of(client_of(path))
    assert path.read_bytes() == before


def test_queue_events_may_lie_in_the_database(tmp_path: Path) -> None:
    path = recorded(tmp_path, cel=False)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE queue_log ({', '.join(QUEUE_COLUMNS)})")
        marks = "?, ?, ?, ?, ?, ?, ?, ?"
        database.executemany(f"INSERT INTO queue_log VALUES ({marks})", queue_rows())  # noqa: S608
        database.commit()
    legs = legs_of(client_of(path, trunks=("IAX2/trunk",), queue_table="queue_log"))
    [winner] = [leg for leg in legs if leg.call_ref == "1795296236.4" and leg.talk_s]
    assert (winner.talk_s, winner.ring_s, winner.quality) == (1, 4, TalkQuality.EXACT)


OLD_COLUMNS = """calldate timestamp, channel text, dstchannel text, duration int, billsec int,
disposition text, uniqueid text"""


def test_a_postgresql_that_refuses_tells_what_to_do(postgres_url: str) -> None:
    url, word = make_url(postgres_url), canary("password")
    owner = create_engine(url)
    with owner.begin() as tx:
        tx.execute(text(f"CREATE TABLE cdr ({OLD_COLUMNS})"))
        tx.execute(text("DROP ROLE IF EXISTS reader"))
        tx.execute(text(f"CREATE ROLE reader LOGIN PASSWORD '{word}'"))
    reader = url.set(username="reader", password=word)
    try:
        with pytest.raises(ScopeError, match="may not read a table"):
            legs_of(client_of(reader.render_as_string(hide_password=False)))
        with owner.begin() as tx:
            tx.execute(text("GRANT SELECT ON cdr TO reader"))
        assert legs_of(client_of(reader.render_as_string(hide_password=False))) == []
        stranger = url.set(username="nobody", password=word)
        with pytest.raises(AuthError) as caught:
            legs_of(client_of(stranger.render_as_string(hide_password=False)))
        assert word not in str(caught.value)
        elsewhere = url.set(database="elsewhere")
        with pytest.raises(RejectedError, match="no such database"):
            legs_of(client_of(elsewhere.render_as_string(hide_password=False)))
    finally:
        with owner.begin() as tx:
            tx.execute(text("DROP OWNED BY reader"))
            tx.execute(text("DROP ROLE reader"))
        owner.dispose()


def test_a_database_that_is_away_is_asked_again_later() -> None:
    word = canary("password")
    with pytest.raises(RetryableError, match="did not answer") as caught:
        legs_of(client_of(f"postgresql+psycopg://reader:{word}@127.0.0.1:1/cdr"))
    assert word not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://a:b@c/d"])
def test_an_address_nobody_can_open_is_told_of(url: str) -> None:
    with pytest.raises(RejectedError, match="driver"):
        legs_of(client_of(url))
