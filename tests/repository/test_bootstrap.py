"""`make` brings what it needs, wherever Python is old, broken or without ensurepip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, place, tracked_files

MADE_FROM = ("pyproject.toml", "bootstrap.sh", "README.md", "LICENSE", "Makefile")

NO_ENSUREPIP = """#!/bin/sh
# A Python whose venv module finds no ensurepip, as Debian's without python3-venv.
case "$*" in
"-m venv --without-pip "*) ;;
"-m venv "*) echo "ensurepip is not available"; exit 1 ;;
esac
exec {python} "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the repository without .venv, in a folder whose name has a space."""
    folder = tmp_path / "a clone"
    for path in tracked_files():
        target = folder / place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


def _bootstrap(
    folder: Path, what: str, *, timeout: float = 60, **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "bootstrap.sh", what],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _write_program(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(0o755)
    return path


def _own_python() -> str:
    """The Python that .venv was made with, since the one inside can't tell what is missing."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


def test_a_python_that_is_too_old_is_refused_with_advice(checkout: Path) -> None:
    old = _write_program(checkout / "old", "#!/bin/sh\nexit 1\n")
    done = _bootstrap(checkout, "runtime", PYTHON=str(old))
    assert done.returncode == 1
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_can_make_no_environment_leaves_nothing_behind(checkout: Path) -> None:
    broken = _write_program(
        checkout / "broken",
        '#!/bin/sh\ncase "$2" in venv|pip) echo "no module named $2"; exit 1 ;; esac\n'
        f'exec {_own_python()} "$@"\n',
    )
    done = _bootstrap(checkout, "runtime", PYTHON=str(broken))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("what", "packages"),
    [("browser", "chromium"), ("servers", "dovecot-imapd dovecot-lmtpd")],
)
def test_a_program_that_cannot_be_had_is_no_failure_and_is_tried_once(
    checkout: Path, what: str, packages: str
) -> None:
    programs = checkout / "bin"
    programs.mkdir()
    for tool in ("sh", "dirname", "mktemp", "rm", "tail"):
        (programs / tool).symlink_to(shutil.which(tool) or tool)
    _write_program(programs / "id", "#!/bin/sh\necho 0\n")
    _write_program(programs / "apt-get", f'#!/bin/sh\necho "$@" >>"{checkout}/asked"\nexit 100\n')
    (checkout / ".venv").mkdir()
    first, second = (_bootstrap(checkout, what, PATH=str(programs)) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "could not be installed: the tests that need one skip" in first.stderr
    assert second.stderr == ""
    asked = (checkout / "asked").read_text("utf-8")
    assert f"install -y --no-install-recommends {packages}" in asked
    assert "update" in asked


def test_make_offers_its_commands_when_called_bare() -> None:
    done = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "make demo" in done.stdout
    assert "make test" in done.stdout


@pytest.mark.long
def test_a_machine_without_ensurepip_gets_a_working_command(checkout: Path) -> None:
    python = _write_program(checkout / "python3", NO_ENSUREPIP.format(python=_own_python()))
    done = _bootstrap(checkout, "runtime", timeout=900, PYTHON=str(python))
    assert done.returncode == 0, done.stderr
    command = checkout / ".venv" / "bin" / "merilo"
    asked = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    again = _bootstrap(checkout, "runtime", timeout=5)
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.long
def test_a_copied_environment_is_made_anew(checkout: Path) -> None:
    assert _bootstrap(checkout, "runtime", timeout=900).returncode == 0
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    done = _bootstrap(moved, "runtime", timeout=900)
    assert done.returncode == 0, done.stderr
    assert "making .venv" in done.stderr
    asked = subprocess.run([moved / ".venv/bin/merilo", "version"], check=False, timeout=60)
    assert asked.returncode == 0
