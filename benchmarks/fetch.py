"""Every deal of a large portal within its limits, while it changes, beside two public clients."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.busy import account_for, served, told
from benchmarks.clock import print_table

ROWS = 250_000
SHARED = 50_000
"""Deals that the others list too: at 250,000 they would take minutes."""

CLIENTS = ("merilo", "fast-bitrix24", "b24pysdk")
_HEAD = ("client", "rows", "requests", "rejected", "missed", "wall s", "CPU s", "growth MB")
_TIMEOUT_S = 90


def run(*, large: bool) -> None:
    """Prints what each client needed, and the ratios; `large` lets nobody off."""
    results = {name: measure(name, ROWS if large else SHARED) for name in CLIENTS}
    rows = [_row(name, found) for name, found in results.items()]
    print_table(
        f"{ROWS if large else SHARED:,} deals over TLS, ids 70 % dense, 20 ms a command, limits "
        "on, rows changing (goals: 0 rejected, 0 missed, CPU <= 0.7 of b24pysdk)",
        _HEAD,
        rows,
    )
    for name in CLIENTS[1:]:
        _print_ratios(name, results["merilo"], results[name])
    whole = results["merilo"] if large else measure("merilo", ROWS)
    floor = max(1.0, (whole["requests"] - 50) / 2)
    print_table(
        f"{ROWS:,} deals (goals: requests <= {ROWS / 2500 * 1.05:.0f}, wall <= {floor * 1.1:.1f} s"
        f" = 1.1 of the floor, growth <= 100 MB)",
        _HEAD,
        [_row("merilo", whole)],
    )


def measure(name: str, rows: int) -> dict[str, Any]:
    """One client lists one portal; the numbers of both, or `error` when the client gave up."""
    with served("deal_portal", rows) as process, tempfile.TemporaryDirectory() as folder:
        box = told(process)
        ids = Path(folder) / "ids"
        ids.write_text("[]")
        trusted = {"SSL_CERT_FILE": box["ca_bundle"], "REQUESTS_CA_BUNDLE": box["ca_bundle"]}
        command = [sys.executable, "-m", "benchmarks.fetch_client", name, json.dumps(box), str(ids)]
        try:
            done = subprocess.run(
                command, env=os.environ | trusted, capture_output=True, text=True,
                timeout=_TIMEOUT_S,
            )  # fmt: skip
            lines = done.stdout.splitlines() if done.returncode == 0 else []
            error = " ".join(done.stderr.splitlines()[-1:])[:120]
        except subprocess.TimeoutExpired:
            lines, error = [], f"not done after {_TIMEOUT_S} s"
        account = account_for(process, ids)
    return {**account, **json.loads(lines[-1])} if lines else {**account, "error": error}


def _row(name: str, found: dict[str, Any]) -> list[object]:
    if "error" in found:
        return [f"{name}: {found['error']}", "-", found["requests"], found["rejected"], *"----"]
    names = ("rows", "requests", "rejected", "missed", "wall_s", "cpu_s", "growth_mb")
    return [name, *(found[each] for each in names)]


def _print_ratios(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    if "error" in ours or "error" in theirs:
        return
    names = {"requests": "requests", "wall": "wall_s", "CPU": "cpu_s", "memory": "growth_mb"}
    ratios = [f"{word} {ours[key] / max(theirs[key], 1e-9):.2f}" for word, key in names.items()]
    print(f"  merilo / {name}: {', '.join(ratios)}")
