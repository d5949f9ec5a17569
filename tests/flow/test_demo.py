"""The demonstration, as a new user starts it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_demonstration_ends_well_after_one_cycle_and_shows_the_managers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from merilo.launch import main; main()", "demo", "--once"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "Команда" in done.stdout
    assert "CRM показывает то же, что хранилище" in done.stdout
    assert not done.stderr
