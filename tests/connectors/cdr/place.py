"""Call records in a folder of the test, and what the connector makes of them."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import ClientOptions, Context, PhoneMark, Record, Since
from connectors.cdr import CONNECTOR
from connectors.cdr.client import CdrClient
from connectors.cdr.settings import CdrSettings
from store.fact import CallLeg

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony"
ASTERISK = PAYLOADS / "asterisk"
EVER = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 22, tzinfo=UTC)
CONTEXT = Context(
    source="pbx",
    zone=ZoneInfo("Europe/Moscow"),
    mark_phone=lambda number: PhoneMark(f"+{number.lstrip('+')}" if number else None, None),
)


def client_of(
    place: Path | str, *, now: datetime = LATER,
    **keys: Any,
) -> CdrClient:  # fmt: skip
    """A client of a file, or of a database by its address; of Asterisk unless told otherwise."""
    table: dict[str, Any] = {"connector": "cdr", "profile": "asterisk", **keys}
    if isinstance(place, Path):
        table["file"] = place
    else:
        table["database"] = SecretRef("env", "DATABASE")
    settings = CdrSettings.model_validate(table)
    options = ClientOptions(
        source="pbx",
        secret=lambda _: str(place),
        clock=lambda: now,
        sleep=time.sleep,
        data_dir=None,
    )
    return CONNECTOR.client(settings, options)  # type: ignore[no-any-return]


def records_of(client: CdrClient, *, begins_at: datetime = EVER) -> list[Record]:
    """Every record of a run from a moment on."""
    with closing(client):
        pages = list(CONNECTOR.streams[0].pages(client, Since(changed_from=begins_at)))
    return [record for page in pages for record in page.records]


def legs_in(records: Sequence[Record]) -> list[CallLeg]:
    """The legs of records that make sense."""
    normalize = CONNECTOR.streams[0].normalize
    return [leg for each in records for leg in normalize(each, CONTEXT) if isinstance(leg, CallLeg)]


def legs_of(client: CdrClient, *, begins_at: datetime = EVER) -> list[CallLeg]:
    """Every leg of a run from a moment on."""
    return legs_in(records_of(client, begins_at=begins_at))


def recorded(folder: Path, *, cel: bool = True) -> Path:
    """The tables recorded from a real Asterisk, in a file."""
    path = folder / "cdr.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        for name in ("cdr", "cel") if cel else ("cdr",):
            script = (ASTERISK / f"{name}.sql").read_text("utf-8")
            database.executescript(f"BEGIN;\n{script}\nCOMMIT;")
    return path


QUEUE_COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3")


def queue_rows() -> list[tuple[str, ...]]:
    """The recorded queue_log as rows of a table."""
    lines = (ASTERISK / "queue_log").read_text("utf-8").splitlines()
    return [tuple([*line.split("|"), "", "", ""][: len(QUEUE_COLUMNS)]) for line in lines]


COLUMNS = (
    "calldate", "src", "dst", "channel", "dstchannel", "lastapp", "lastdata", "duration", "billsec",
    "disposition", "uniqueid", "linkedid", "sequence",
)  # fmt: skip


def table_of(
    folder: Path, rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS, name: str = "cdr"
) -> Path:
    """A table of these rows in a file."""
    path = folder / f"{name}.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)})")
        marks = ", ".join("?" * len(columns))
        database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608
        database.commit()
    return path


EPOCH_S = 1_795_168_800
"""10:00 of 20 November 2026, UTC: the server's clock shows 13:00."""


def row(
    begins_s: int, lasted_s: int, talked_s: int, source: str, target: str, said: str = "ANSWERED",
    *, app: str = "Dial", data: str = "", dst: str = "74951230011", unique: str = "", call: int = 1,
    number: int = 0, offset_s: int = 3 * 3600,
) -> tuple[Any, ...]:  # fmt: skip
    """A row of Asterisk's table that begins so many seconds after 10:00 UTC."""
    linked = f"{EPOCH_S}.{call}"
    shown = datetime.fromtimestamp(EPOCH_S + begins_s + offset_s, UTC)
    src = source.partition("/")[2].partition("-")[0]
    return (
        f"{shown:%Y-%m-%d %H:%M:%S}", "79031112233" if "trunk" in source else src, dst,
        source, target, app, data, lasted_s, talked_s, said, unique or linked, linked,
        number or begins_s,
    )  # fmt: skip
