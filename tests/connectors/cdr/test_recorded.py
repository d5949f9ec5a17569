"""Calls recorded from a real Asterisk come out as they were."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from store.fact import CallLeg, Direction, TalkQuality, Transfer
from tests.connectors.cdr.place import (
    ASTERISK,
    QUEUE_COLUMNS,
    client_of,
    legs_of,
    queue_rows,
    recorded,
)
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

EXPECTED = json.loads((ASTERISK / "expected.json").read_text("utf-8"))["calls"]
Read = Callable[[str], list[CallLeg]]
TRUNKS: dict[str, Any] = {"trunks": ("IAX2/trunk",)}
BOUNDS = {"1795296236.4": {"102": 5}, "1795296939.0": {"103": 16}}
"""What rows alone tell of those who were rung when the client's channel was answered already."""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Reads what was recorded, from what is there of it; once each."""
    return cache(lambda how: _read(tmp_path_factory.mktemp("pbx"), how))


def _read(folder: Path, how: str) -> list[CallLeg]:
    if how == "file":
        return legs_of(client_of(ASTERISK / "Master.csv", **TRUNKS))
    if how == "file and queue":
        queue_log = ASTERISK / "queue_log"
        return legs_of(client_of(ASTERISK / "Master.csv", queue_log=queue_log, **TRUNKS))
    path = recorded(folder, cel=how != "table")
    if how == "table, events and queue":
        return legs_of(client_of(path, queue_log=ASTERISK / "queue_log", **TRUNKS))
    return legs_of(client_of(path, **TRUNKS))


def told(legs: Sequence[CallLeg]) -> dict[str, Any]:
    """A call in the words of the expectation."""
    first, talked = legs[0], [leg for leg in legs if leg.talk_s]
    begun_at = min(leg.started_at for leg in legs)
    if talked:
        outcome, own = "answered", talked
    else:
        own = [leg for leg in legs if leg.user_ref] or list(legs)
        outcome = next((leg.outcome for leg in legs if leg.outcome == "voicemail"), own[0].outcome)
    ring = own[0].ring_s
    waited = None
    if ring is not None:
        waited = int((own[0].started_at - begun_at).total_seconds()) + ring
    outgoing = first.direction is Direction.OUT
    return {
        "started_at": begun_at,
        "direction": "out" if outgoing else "in",
        "disposition": outcome,
        "employee": own[-1].user_ref if talked or outgoing else None,
        "external": first.client_hash,
        "ring": waited,
        "talk": {leg.user_ref: leg.talk_s for leg in talked},
        "queue": first.queue,
    }


def wanted(call: dict[str, Any]) -> dict[str, Any]:
    talks = dict(call.get("legs", [[call["employee"], call["talk"]]] if call["talk"] else []))
    return {
        "started_at": datetime.fromisoformat(call["started_at"]).astimezone(UTC),
        "direction": call["direction"],
        "disposition": call["disposition"],
        "employee": call["employee"],
        "external": call["external"],
        "ring": call["ring"],
        "talk": talks,
        "queue": call.get("queue"),
    }


@pytest.mark.parametrize("call", EXPECTED, ids=lambda call: call["linkedid"])
@pytest.mark.parametrize(
    "how", ["table", "table and events", "table, events and queue", "file", "file and queue"]
)
def test_every_recorded_call_is_as_it_was(read: Read, how: str, call: dict[str, Any]) -> None:
    legs = [leg for leg in read(how) if leg.call_ref == call["linkedid"]]
    if call["direction"] == "internal":
        assert not legs
        return
    found, expected = told(legs), wanted(call)
    bounds = dict(BOUNDS.get(call["linkedid"], {})) if "events" not in how else {}
    if "queue" in how:
        bounds.pop("102", None)
    for who, bound in bounds.items():
        [leg] = [leg for leg in legs if leg.user_ref == who]
        assert leg.quality is TalkQuality.UPPER_BOUND
        expected["talk"][who] = bound
        if expected["employee"] == who and call["linkedid"] == "1795296236.4":
            expected["ring"] = None
    assert found == expected
    assert sum(leg.talk_s for leg in legs) == sum(expected["talk"].values())


@pytest.mark.parametrize("how", ["table and events", "table, events and queue"])
def test_bridges_make_talk_exact(read: Read, how: str) -> None:
    talked = [leg for leg in read(how) if leg.talk_s]
    assert {leg.quality for leg in talked} == {TalkQuality.EXACT}


def test_losers_of_a_queue_have_no_talk_and_no_miss_of_their_own(read: Read) -> None:
    legs = [leg for leg in read("table") if leg.call_ref == "1795296236.4"]
    assert {leg.user_ref: (leg.talk_s, leg.outcome) for leg in legs} == {
        "101": (0, "cancelled"), "102": (5, "answered"), "103": (0, "cancelled")
    }  # fmt: skip


def test_a_blind_transfer_is_told_apart_from_one_by_program(read: Read) -> None:
    for how in ("table", "table and events"):
        legs = [leg for leg in read(how) if leg.call_ref == "1795296939.0"]
        assert [leg.transfer for leg in legs] == [Transfer.NONE, Transfer.BLIND]


def test_facts_of_rows_read_again_are_equal(read: Read, tmp_path: Path) -> None:
    assert read("table and events") == _read(tmp_path, "table and events")


@pytest.mark.parametrize(
    ("cel_table", "how"), [("cel", "table, events and queue"), ("", "file and queue")]
)
def test_tables_cdr_cel_and_queue_log_of_a_freepbx_in_postgresql_tell_the_same(
    read: Read, postgres_url: str, cel_table: str, how: str
) -> None:
    enter_freepbx(postgres_url)
    client = client_of(postgres_url, cel_table=cel_table, queue_table="queue_log", **TRUNKS)
    found = legs_of(client)
    assert {leg.quality for leg in found if leg.queue and leg.talk_s} == {TalkQuality.EXACT}
    assert sorted(found, key=repr) == sorted(read(how), key=repr)


def enter_freepbx(url: str) -> None:
    """The recorded tables as FreePBX has them, the queue's lines as `queue_log`."""
    engine = create_engine(url)
    with engine.begin() as tx:
        for name in ("cdr", "cel"):
            script = (ASTERISK / f"{name}.sql").read_text("utf-8")
            script = script.replace("DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'", "TIMESTAMP")
            tx.exec_driver_sql(script)
        tx.exec_driver_sql(f"CREATE TABLE queue_log ({' text, '.join(QUEUE_COLUMNS)} text)")
        marks = "%s, %s, %s, %s, %s, %s, %s, %s"
        tx.exec_driver_sql(f"INSERT INTO queue_log VALUES ({marks})", queue_rows())  # noqa: S608
    engine.dispose()
