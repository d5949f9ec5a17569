"""`python -m benchmarks.amocrm_reader SETTINGS IDS`: the first read of an account's leads.

Prints rows, seconds and memory as JSON, and writes the ids it kept into a file.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.memory import peak_mib, resident_mib
from kpi.engine import refresh
from merilo.context import Context
from merilo.wiring import build_app, settings_from
from sync.pipeline import Pass


def main(settings: Path, ids: Path) -> None:
    """Reads and keeps every lead once, then refreshes the KPIs."""
    app = build_app(settings_from(Context(config_path=settings), require_secrets=True))
    source = app.source("amo")
    before, began, cpu = resident_mib(), time.monotonic(), time.process_time()
    (result,) = Pass(source=source).run(["deals"])
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    refresh(app.store, app.catalog, app.settings.merilo.zone)
    refresh_s = time.monotonic() - began - wall_s
    with app.store.read() as tx:
        kept = tx.exec_driver_sql("SELECT ref FROM deal").scalars()
        ids.write_text(json.dumps([int(ref) for ref in kept]))
    told = {"rows": result.read, "error": str(result.error or ""), "refresh_s": refresh_s}
    print(json.dumps({**told, "wall_s": wall_s, "cpu_s": cpu_s, "growth_mb": peak_mib() - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
