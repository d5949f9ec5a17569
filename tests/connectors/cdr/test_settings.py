"""The settings of a source of call records, and what `merilo check` says of it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.cdr import CONNECTOR
from connectors.cdr.settings import CdrSettings
from tests.connectors.cdr.place import ASTERISK, PAYLOADS, client_of, recorded, row, table_of

TRUNKS = ("IAX2/trunk",)


def test_no_web_address_is_asked_for() -> None:
    settings = CdrSettings(connector="cdr", profile="asterisk", file=Path("Master.csv"))
    assert (settings.url, settings.table_name, settings.known_zone) == ("", "cdr", None)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "give either `database` or `file`"),
        ({"file": "a.csv", "database": "env:PBX"}, "give either `database` or `file`"),
        ({"database": "mysql://root:secret@host/db"}, "only named here, never written"),
        ({"file": "a.csv", "profile": "avaya"}, "'asterisk'"),
        ({"file": "cdr-csv/*"}, "give one file"),
        ({"file": "a.csv", "zone": "Moscow"}, "no such time zone"),
        ({"file": "a.csv", "table": "cdr; drop"}, "name of a table"),
        ({"file": "a.csv", "extensions": "("}, "regular expression"),
        ({"file": "a.csv", "url": "https://pbx.example"}, "url"),
    ],
)
def test_settings_that_make_no_sense_are_refused(keys: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CdrSettings.model_validate({"connector": "cdr", "profile": "asterisk", **keys})
    assert said in str(caught.value)
    assert "secret@" not in str(caught.value)


def test_check_tells_what_was_found(tmp_path: Path) -> None:
    lines = {
        line.name: line for line in CONNECTOR.check(client_of(recorded(tmp_path), trunks=TRUNKS))
    }
    assert all(line.ok for line in lines.values())
    assert lines["records"].detail == "16 rows of the last week"
    assert lines["zone"].detail == "UTC+0, the last row began 2026-11-21 21:37 UTC"
    assert lines["extensions"].detail == "101, 102, 103"
    assert "exact" in lines["cel"].detail


def test_check_tells_of_extensions_that_nobody_has(tmp_path: Path) -> None:
    client = client_of(recorded(tmp_path), trunks=TRUNKS, extensions="[45]\\d\\d")
    [line] = [line for line in CONNECTOR.check(client) if line.name == "extensions"]
    assert not line.ok
    assert "trunks" in line.todo


def test_check_tells_of_a_clock_that_is_ahead(tmp_path: Path) -> None:
    path = table_of(tmp_path, [row(3 * 86_400, 7, 5, "PJSIP/t-1", "PJSIP/101-2")])
    [line] = [line for line in CONNECTOR.check(client_of(path, zone="UTC")) if line.name == "zone"]
    assert not line.ok


def test_check_tells_what_cannot_be_read(tmp_path: Path) -> None:
    [line] = CONNECTOR.check(client_of(tmp_path / "absent.csv"))
    assert (line.name, line.ok) == ("records", False)
    assert line.todo


def test_check_reads_files_and_exports(tmp_path: Path) -> None:
    assert all(line.ok for line in CONNECTOR.check(client_of(ASTERISK / "Master.csv")))
    export = tmp_path / "export.csv"
    export.write_bytes((PAYLOADS / "sipuni" / "export.csv").read_bytes())
    [line] = CONNECTOR.check(client_of(export, profile="sipuni"))
    assert line.ok
