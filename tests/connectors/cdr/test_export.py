"""Exports of Sipuni and Rostelecom: what is read of them, and what is refused."""

import gzip
import io
import os
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Record, Since
from connectors.cdr import CONNECTOR
from connectors.error import DataError, RejectedError, RetryableError
from store.fact import CallLeg, Direction
from tests.connectors.cdr.place import LATER, PAYLOADS, client_of, legs_in, legs_of, records_of

SIPUNI = PAYLOADS / "sipuni" / "export.csv"
ROSTELECOM = PAYLOADS / "rostelecom" / "history.csv"
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)
"""12:00 in Moscow."""


def put(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (LATER.timestamp(), LATER.timestamp()))
    return path


def shape(leg: CallLeg) -> tuple[Any, ...]:
    minutes = (leg.started_at - NOON).total_seconds() / 60
    who, out = leg.user_ref, leg.direction is Direction.OUT
    return who, out, minutes, leg.talk_s, leg.ring_s, leg.lasted_s, leg.outcome


@pytest.mark.parametrize("zone", ["", "Europe/Moscow"])
def test_a_sipuni_export_is_read_as_documented(tmp_path: Path, zone: str) -> None:
    path = put(tmp_path / "export.csv", SIPUNI.read_bytes())
    legs = legs_of(client_of(path, profile="sipuni", zone=zone))
    assert [shape(leg) for leg in legs] == [
        ("101", False, 0, 131, 17, 148, "answered"),
        (None, False, 10, 0, 25, 25, "missed"),
        ("102", True, 20, 0, 67, 67, "missed"),
    ]
    assert [leg.client_hash for leg in legs] == ["+79031112201", "+77015551234", "+89161234567"]
    assert legs[0].call_ref == "1795165200.117599"


@pytest.mark.parametrize("kind", ["plain", "zip", "gzip", "bare"])
def test_a_rostelecom_history_is_read_however_it_comes(tmp_path: Path, kind: str) -> None:
    content = ROSTELECOM.read_bytes()
    if kind == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a1b2c3.csv", content)
        content = packed.getvalue()
    elif kind == "gzip":
        content = gzip.compress(content)
    elif kind == "bare":
        content = content.partition(b"\n")[2]
    legs = legs_of(client_of(put(tmp_path / "a1b2c3.csv.z", content), profile="rostelecom"))
    assert [shape(leg) for leg in legs] == [
        ("101", False, 0, 131, None, 131, "answered"),
        (None, False, 10, 0, None, 0, "missed"),
        ("102", True, 20, 0, None, 0, "busy"),
    ]
    assert [leg.call_ref for leg in legs] == ["7f01", "7f02", "7f03"]


def test_rostelecom_s_epochs_and_voicemail_are_understood(tmp_path: Path) -> None:
    lines = ROSTELECOM.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace("2026-11-20 12:00:00.0", f"{NOON.timestamp():.0f}")
    lines[1] = lines[1].replace(";131;0;", ";131;1;")
    path = put(tmp_path / "history.csv", "\n".join(lines) + "\n")
    [first, *_] = legs_of(client_of(path, profile="rostelecom"))
    assert shape(first) == (None, False, 0, 0, None, 131, "voicemail")


def test_exports_that_overlap_count_once(tmp_path: Path) -> None:
    for name in ("week-1.csv", "week-2.csv"):
        put(tmp_path / name, SIPUNI.read_bytes())
    legs = legs_of(client_of(tmp_path / "week-*.csv", profile="sipuni"))
    assert len(legs) == 6
    assert len({leg.ref for leg in legs}) == 3


def test_a_file_from_before_the_span_is_not_read_again(tmp_path: Path) -> None:
    path = put(tmp_path / "export.csv", SIPUNI.read_bytes())
    begins_at = datetime.now(UTC) + timedelta(days=1)
    assert records_of(client_of(path, profile="sipuni"), begins_at=begins_at) == []


def test_an_old_file_that_was_moved_here_is_read(tmp_path: Path) -> None:
    path = put(tmp_path / "export.csv", SIPUNI.read_bytes())
    begins_at = datetime.now(UTC) - timedelta(hours=1)
    os.utime(path, (0, 0))
    assert len(records_of(client_of(path, profile="sipuni"), begins_at=begins_at)) == 4


def test_without_any_file_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match="There is no file"):
        records_of(client_of(tmp_path / "*.csv", profile="sipuni"))


def test_a_file_cut_off_is_refused_by_name_and_line_and_others_are_read(tmp_path: Path) -> None:
    whole = SIPUNI.read_bytes()
    put(tmp_path / "a.csv", whole[:-40])
    put(tmp_path / "b.csv", whole)
    client = client_of(tmp_path / "*.csv", profile="sipuni")
    read: list[Sequence[Record]] = []
    pages = CONNECTOR.streams[0].pages(client, Since(changed_from=NOON))
    with pytest.raises(RejectedError) as caught:
        read.extend(page.records for page in pages)
    assert caught.value.what == "a.csv, line 5: the file is cut off: 6 columns of 17."
    assert [len(legs_in(records)) for records in read] == [3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Неверная подпись запроса", "line 1: the line is no CSV, or delimited otherwise"),
        ("Тип;Статус;Время;Откуда\nВходящий;Отвечен;;\n", "line 1: has no column Куда"),
        (b"PK\x03\x04broken", "line 1: the archive is damaged"),
        (b"\x1f\x8bbroken", "line 1: the archive is damaged"),
    ],
)
def test_what_is_no_export_is_refused_by_name_and_line(
    tmp_path: Path, content: bytes | str, said: str
) -> None:
    path = put(tmp_path / "export.csv", content)
    with pytest.raises(RejectedError) as caught:
        legs_of(client_of(path, profile="sipuni"))
    assert caught.value.what.startswith("export.csv,")
    assert said in caught.value.what


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Входящий;Отвечен;20.11.2026", "Внешний;Отвечен;20.11.2026", "Тип is none of"),
        ("20.11.2026 12:00:00", "32.11.2026 12:00:00", "Время is no moment"),
        (";148;131;", ";148;long;", "is no number of seconds"),
    ],
)
def test_nonsense_in_a_line_is_set_aside(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = SIPUNI.read_text("utf-8").replace(old, new, 1)
    records = records_of(client_of(put(tmp_path / "export.csv", text), profile="sipuni"))
    with pytest.raises(DataError, match=reason):
        legs_in(records[:1])
    assert len(legs_in(records[1:])) == 2


def test_a_line_of_other_length_in_the_middle_is_set_aside(tmp_path: Path) -> None:
    lines = SIPUNI.read_text("utf-8").splitlines(keepends=True)
    lines.insert(2, "Входящий;Отвечен\n")
    records = records_of(client_of(put(tmp_path / "export.csv", "".join(lines)), profile="sipuni"))
    assert records[1] == {
        "id": "export.csv:3", "reason": "export.csv, line 3: 2 columns, not 17"
    }  # fmt: skip
