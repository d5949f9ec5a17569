"""Master.csv as it grows: half lines, rotation, other columns, nonsense."""

import csv
import gzip
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import structlog

from connectors.base import Since
from connectors.cdr import CONNECTOR
from connectors.cdr.row import row_reader
from connectors.error import RejectedError, RetryableError
from tests.connectors.cdr.place import (
    ASTERISK,
    EVER,
    LATER,
    client_of,
    legs_in,
    legs_of,
    records_of,
)

LINES = (ASTERISK / "Master.csv").read_text("utf-8").splitlines(keepends=True)
TRUNKS: dict[str, Any] = {"trunks": ("IAX2/trunk",)}
CALLS = {leg.call_ref for leg in legs_of(client_of(ASTERISK / "Master.csv", **TRUNKS))}


def write(path: Path, lines: Sequence[str], *, at: datetime = LATER) -> Path:
    path.write_text("".join(lines), "utf-8", newline="")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def calls(path: Path, **keys: Any) -> set[str]:
    return {leg.call_ref for leg in legs_of(client_of(path, **TRUNKS, **keys))}


def test_half_a_line_at_the_end_is_left_for_the_next_time(tmp_path: Path) -> None:
    last = "1795297031.10"
    path = write(tmp_path / "Master.csv", [*LINES[:-1], LINES[-1][:90]])
    assert calls(path) == CALLS - {last}
    write(path, LINES)
    assert calls(path) == CALLS


@pytest.mark.parametrize("packed", [False, True])
def test_the_file_it_was_rotated_into_is_read_first(tmp_path: Path, packed: bool) -> None:
    """The two rows of the blind transfer lie in two files."""
    old = write(tmp_path / "Master.csv.1", LINES[:12])
    if packed:
        (tmp_path / "Master.csv.1.gz").write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
    whole = legs_of(client_of(write(tmp_path / "whole.csv", LINES), **TRUNKS))
    found = legs_of(client_of(write(tmp_path / "Master.csv", LINES[12:]), **TRUNKS))
    assert sorted(found, key=repr) == sorted(whole, key=repr)


def test_a_copy_left_by_rotation_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "Master.csv.1", LINES[:14])
    whole = legs_of(client_of(write(tmp_path / "whole.csv", LINES), **TRUNKS))
    found = legs_of(client_of(write(tmp_path / "Master.csv", LINES), **TRUNKS))
    assert sorted(found, key=repr) == sorted(whole, key=repr)


def test_a_file_that_was_rotated_long_ago_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "Master.csv.2", ["nonsense\n"], at=EVER - timedelta(days=9))
    assert calls(write(tmp_path / "Master.csv", LINES)) == CALLS


@pytest.mark.parametrize("how", ["cut", "another", "rotated"])
def test_a_file_cut_without_a_copy_is_told_of(tmp_path: Path, how: str) -> None:
    path = write(tmp_path / "Master.csv", LINES)
    stream = CONNECTOR.streams[0]
    *_, last = stream.pages(client_of(path, **TRUNKS), Since(changed_from=EVER))
    if how != "cut":
        path.rename(tmp_path / ("Master.csv.1" if how == "rotated" else "elsewhere"))
    write(path, LINES[:2])
    with structlog.testing.capture_logs() as logs:
        since = Since(changed_from=EVER, cursor=last.cursor)
        list(stream.pages(client_of(path, **TRUNKS), since))
    assert [log["event"] for log in logs] == ([] if how == "rotated" else ["cdr.file_cut"])


@pytest.mark.parametrize("count", [16, 18, 21])
def test_columns_are_told_by_their_number(tmp_path: Path, count: int) -> None:
    rows = [fields[:count] for fields in csv.reader([LINES[0], LINES[10], LINES[15]])]
    path = tmp_path / "Master.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    legs = legs_of(client_of(path, zone="UTC", **TRUNKS))
    assert [(leg.user_ref, leg.talk_s) for leg in legs] == [("101", 5), ("101", 6), ("102", 0)]
    assert len({leg.call_ref for leg in legs}) == 3


def test_a_caller_s_name_may_hold_quotes_and_commas(tmp_path: Path) -> None:
    line = LINES[0].replace('"""79031112201"" <79031112201>"', '"""Ivanov, ""I"""" <7903>"')
    assert line != LINES[0]
    [leg] = legs_of(client_of(write(tmp_path / "Master.csv", [line]), **TRUNKS))
    assert leg.talk_s == 5


def test_a_header_names_the_columns_in_any_order(tmp_path: Path) -> None:
    lines = [
        "uniqueid;start;channel;dstchannel;duration;billsec;disposition;src;dst;lastapp\n",
        "1795296206.0;2026-11-21 21:23:26;IAX2/trunk-1;IAX2/101-2;7;5;ANSWERED;7903;74;Dial\n",
    ]
    [leg] = legs_of(client_of(write(tmp_path / "Master.csv", lines), **TRUNKS))
    assert (leg.user_ref, leg.talk_s) == ("101", 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a|b|c\n", 'Master.csv, line 1: 1 columns by ","'),
        ("1,2,3,4\n", "Master.csv, line 1: 4 columns"),
        ("channel,start,src\n", "Master.csv, line 1: has no column dstchannel"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(RejectedError) as caught:
        calls(write(tmp_path / "Master.csv", [text]))
    assert said in caught.value.what
    assert caught.value.todo


def test_a_damaged_line_is_set_aside_by_its_number(tmp_path: Path) -> None:
    lines = [LINES[0], "rubbish,of,a,crash\n", *LINES[10:]]
    records = records_of(client_of(write(tmp_path / "Master.csv", lines), **TRUNKS))
    [broken] = [record for record in records if "reason" in record]
    assert broken["id"] == "Master.csv:2"
    assert broken["reason"] == "Master.csv, line 2: 4 columns, not 21"
    assert len(legs_in([each for each in records if each is not broken])) == len(LINES[10:]) + 1


def test_an_empty_file_is_no_trouble_and_an_absent_one_is(tmp_path: Path) -> None:
    assert calls(write(tmp_path / "Master.csv", [])) == set()
    with pytest.raises(RetryableError, match="is not there"):
        calls(tmp_path / "elsewhere.csv")


def test_of_a_long_file_only_the_end_is_read(tmp_path: Path) -> None:
    first_at = datetime(2026, 9, 1, tzinfo=UTC)
    lines = []
    for number in range(3_000):
        at = first_at + timedelta(minutes=30 * number)
        end = at + timedelta(seconds=7)
        text = LINES[0].replace("1795296206.0", f"{at.timestamp():.0f}.{number}")
        text = text.replace("2026-11-21 21:23:26", f"{at:%Y-%m-%d %H:%M:%S}")
        lines.append(text.replace("2026-11-21 21:23:33", f"{end:%Y-%m-%d %H:%M:%S}"))
    path = write(tmp_path / "Master.csv", lines)
    now = first_at + timedelta(minutes=30 * 2_999, hours=1)
    with mock.patch("connectors.cdr.log_file.row_reader", wraps=_counting()) as reader:
        legs = legs_of(client_of(path, now=now, **TRUNKS), begins_at=now - timedelta(hours=6))
    assert reader.called
    assert [leg.started_at for leg in legs] == [
        now - timedelta(hours=1, minutes=30 * back) for back in range(10, -1, -1)
    ]
    assert len(READ) < 300


READ: list[int] = []


def _counting() -> Any:
    def counted(profile: str, names: Sequence[str]) -> Any:
        read = row_reader(profile, names)

        def each(values: Sequence[Any]) -> Any:
            READ.append(1)
            return read(values)

        return each

    return counted
