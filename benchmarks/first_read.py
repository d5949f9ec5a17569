"""The first read of a whole portal over HTTP: rows a second, and how much memory it takes."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.portal import portal, write_settings

_READER = """
import json, sys, time
from merilo.launch import start_lightly
start_lightly()
from benchmarks.memory import peak_mib, resident_mib
from merilo.context import Context
from merilo.cycle import run_cycle
from merilo.wiring import build_app, settings_from
from pathlib import Path

app = build_app(settings_from(Context(config_path=Path(sys.argv[1])), require_secrets=True))
app.client("main"), app.catalog
idle = resident_mib()
began, cpu = time.monotonic(), time.process_time()
result = run_cycle(app, "main")
wall, cpu = time.monotonic() - began, time.process_time() - cpu
rows = sum(each.read for each in result.streams)
told = {"rows": rows, "wall_s": wall, "cpu_s": cpu, "idle_mb": idle, "peak_mb": peak_mib()}
print(json.dumps(told))
"""


def run(*, large: bool) -> None:
    """Prints one line for each size of portal."""
    print("First read over HTTP, limits off (goal: growth over idle <= 100 MB at any size)")
    print(f"{'scale':8} {'rows':>10} {'wall s':>8} {'CPU s':>8} {'rows/s':>8} {'growth MB':>10}")
    for scale in ("small", "medium", "large") if large else ("small", "medium"):
        with portal(scale) as box, tempfile.TemporaryDirectory() as folder:
            settings = write_settings(Path(folder), box)
            command = [sys.executable, "-c", _READER, str(settings)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        rate, growth = found["rows"] / found["wall_s"], found["peak_mb"] - found["idle_mb"]
        print(
            f"{scale:8} {found['rows']:>10,} {found['wall_s']:>8.1f} {found['cpu_s']:>8.1f} "
            f"{rate:>8,.0f} {growth:>10.0f}"
        )
