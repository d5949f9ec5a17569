"""How fast rows of call records become calls: read, gathered and folded in a process of its own."""

import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.clock import print_table

GOAL_S = 60
"""For a million rows, on one core, with 300 MiB at most."""
_A_DAY = 10_000
_FIRST_AT = datetime(2026, 1, 1, 5, tzinfo=UTC)

_COLUMNS = (
    "calldate", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
    "answer", "ended", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
    "peeraccount", "linkedid", "sequence",
)  # fmt: skip
_Values = tuple[str | int, ...]

_READER = """
import json, sys, time
from merilo.launch import start_lightly
start_lightly()
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from benchmarks.memory import peak_mib
from connectors.base import ClientOptions, Context, Since
from connectors.cdr import CONNECTOR
from connectors.phone import phone_marker

settings = CONNECTOR.settings(connector="cdr", profile="asterisk", file=sys.argv[1])
options = ClientOptions(
    source="pbx", secret=str, sleep=time.sleep, data_dir=None,
    clock=lambda: datetime(2027, 1, 1, tzinfo=UTC),
)
client = CONNECTOR.client(settings, options)
zone = ZoneInfo("Europe/Moscow")
context = Context(source="pbx", zone=zone, mark_phone=phone_marker(b"k" * 32))
[stream] = CONNECTOR.streams
calls = legs = talk = 0
began = time.process_time()
for page in stream.pages(client, Since(changed_from=datetime(2025, 12, 1, tzinfo=UTC))):
    for record in page.records:
        folded = list(stream.normalize(record, context))
        calls, legs = calls + 1, legs + len(folded)
        talk += sum(leg.talk_s for leg in folded)
cpu = time.process_time() - began
print(json.dumps({"calls": calls, "legs": legs, "talk": talk, "cpu": cpu, "peak": peak_mib()}))
"""


def run(*, large: bool) -> None:
    """Prints one line for a table and one for Master.csv."""
    count = 1_000_000 if large else 50_000
    rows = []
    with tempfile.TemporaryDirectory(prefix="merilo-bench-") as folder:
        places = {
            "SQLite table": _table(Path(folder), count),
            "Master.csv": _file(Path(folder), count),
        }
        for name, path in places.items():
            command = [sys.executable, "-c", _READER, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            rate = int(count / found["cpu"])
            rows.append([name, count, found["calls"], found["legs"], found["cpu"], rate,
                         found["peak"]])  # fmt: skip
    head = ("rows of", "rows", "calls", "legs", "CPU s", "rows/s", "peak MiB")
    title = f"Folding call records (goal: a million in {GOAL_S} s of one core, 300 MiB)"
    print_table(title, head, rows)


def _table(folder: Path, count: int) -> Path:
    path = folder / "cdr.db"
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE cdr ({', '.join(_COLUMNS)})")
    marks = ", ".join("?" * len(_COLUMNS))
    database.executemany(f"INSERT INTO cdr VALUES ({marks})", _rows(count))
    database.execute("CREATE INDEX by_time ON cdr (calldate)")
    database.commit()
    database.close()
    return path


def _file(folder: Path, count: int) -> Path:
    path = folder / "Master.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for start, *rest in _rows(count):
            writer.writerow(["", *rest[:8], start, *rest[8:]])
    return path


def _rows(count: int) -> Iterator[_Values]:
    """Direct calls, ring-all queues of three, blind transfers and calls to the outside, in turn."""
    made, call = 0, 0
    while made < count:
        at = _FIRST_AT + timedelta(days=made // _A_DAY, seconds=made % _A_DAY * 4)
        number, who = f"7903{call % 3_000_000:07d}", 101 + call % 80
        for row in _KINDS[call % len(_KINDS)](at, call, number, who):
            if made < count:
                yield row
            made += 1
        call += 1


def _row(
    at: datetime, call: int, source: str, target: str, ends: tuple[str, str],
    app: str, lengths: tuple[int, int], disposition: str, sequence: int, later_s: int = 0,
) -> _Values:  # fmt: skip
    begins = at + timedelta(hours=3, seconds=later_s)
    unique = f"{int(at.timestamp())}.{call}"
    lasted_s, talked_s = lengths
    ended = begins + timedelta(seconds=lasted_s)
    answered = ended - timedelta(seconds=talked_s)
    return (
        f"{begins:%Y-%m-%d %H:%M:%S}", source, target, "from-trunk", f'"{source}" <{source}>',
        *ends, app, "sales,tT" if app == "Queue" else f"PJSIP/{target}@trunk,30",
        f"{answered:%Y-%m-%d %H:%M:%S}", f"{ended:%Y-%m-%d %H:%M:%S}", lasted_s, talked_s,
        disposition, "DOCUMENTATION", unique, "", "", unique, sequence,
    )  # fmt: skip


def _direct(at: datetime, call: int, number: str, who: int) -> Iterator[_Values]:
    ends = (f"PJSIP/trunk-{call:08x}", f"PJSIP/{who}-{call:08x}")
    yield _row(at, call, number, "74951230011", ends, "Dial", (95, 87), "ANSWERED", 1)


def _queue(at: datetime, call: int, number: str, who: int) -> Iterator[_Values]:
    for place in range(3):
        ends = (f"PJSIP/trunk-{call:08x}", f"PJSIP/{who + place}-{call:08x}")
        said = "ANSWERED" if place == 1 else "NO ANSWER"
        yield _row(at, call, number, "600", ends, "Queue", (60, 60), said, place)


def _transfer(at: datetime, call: int, number: str, who: int) -> Iterator[_Values]:
    trunk = f"PJSIP/trunk-{call:08x}"
    first, second = f"PJSIP/{who}-{call:08x}", f"PJSIP/{who + 1}-{call:08x}"
    yield _row(at, call, number, "103", (trunk, first), "Dial", (30, 25), "ANSWERED", 1)
    ends = (trunk, second)
    yield _row(at, call, number, "103", ends, "Dial", (50, 50), "ANSWERED", 2, later_s=30)


def _out(at: datetime, call: int, number: str, who: int) -> Iterator[_Values]:
    ends = (f"PJSIP/{who}-{call:08x}", f"PJSIP/trunk-{call:08x}")
    yield _row(at, call, str(who), number, ends, "Dial", (130, 121), "ANSWERED", 1)


_KINDS = (_direct, _queue, _out, _transfer)
