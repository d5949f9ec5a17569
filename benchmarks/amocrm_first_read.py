"""The first read of 100,000 leads of amoCRM within its limit of requests, while they change."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.busy import account_for, served, told
from benchmarks.clock import print_table
from benchmarks.lead_account import LATENCY_S
from connectors.amocrm.client import PACE
from connectors.amocrm.walk import MOST

ROWS = 100_000
_SETTINGS = """\
[merilo]
data_dir = "./data"

[secrets]
backend    = "vault"
master_key = "generated"

[sources.amo]
connector = "amocrm"
url       = "{url}"
token     = "file:{secret}"
since     = "2020-01-01"
currency  = "RUB"
ca_bundle = "{ca_bundle}"
"""


def run(*, large: bool) -> None:
    """Prints requests, seconds and the floor; `large` changes nothing."""
    del large
    found = measure(ROWS)
    floor = ROWS / MOST / PACE
    print_table(
        f"First read of {ROWS:,} leads of amoCRM over TLS, {LATENCY_S * 1000:.0f} ms a request,"
        f" limits on, rows changing (goals: 0 rejected, 0 missed, ratio <= 1.10)",
        ("rows", "requests", "rejected", "missed", "wall s", "floor s", "ratio", "CPU s",
         "growth MB", "refresh s"),
        [
            (
                found["rows"], found["requests"], found["rejected"], found["missed"],
                found["wall_s"], floor, found["wall_s"] / floor, found["cpu_s"],
                found["growth_mb"], found["refresh_s"],
            )
        ],
    )  # fmt: skip
    if found["error"]:
        print(found["error"])


def measure(rows: int) -> dict[str, Any]:
    """One agent reads one account; the numbers of both."""
    with served("lead_account", rows) as process, tempfile.TemporaryDirectory() as name:
        box, folder = told(process), Path(name)
        secret, settings, ids = (folder / each for each in ("token", "merilo.toml", "ids"))
        secret.touch(mode=0o600)
        secret.write_text(box["token"])
        settings.write_text(_SETTINGS.format(secret=secret, **box))
        command = [sys.executable, "-m", "benchmarks.amocrm_reader", str(settings), str(ids)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return {**account_for(process, ids), **json.loads(done.stdout.splitlines()[-1])}
