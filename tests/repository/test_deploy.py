"""The service and the container run with as few rights as they can."""

import re
import subprocess

import pytest

from tests.repository.tree import ROOT

WORST_EXPOSURE = 1.5
"""Of `systemd-analyze security`, on its scale from 0 (nothing) to 10 (everything)."""


@pytest.mark.needs("systemd-analyze")
def test_the_service_is_exposed_to_little() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "deploy/merilo.service"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    level = re.search(r"exposure level for merilo\.service: ([\d.]+)", done.stdout)
    assert level is not None, done.stderr
    assert float(level[1]) <= WORST_EXPOSURE


def test_the_service_does_not_start_again_with_wrong_settings() -> None:
    unit = (ROOT / "deploy" / "merilo.service").read_text("utf-8")
    assert "\nRestartPreventExitStatus=78\n" in unit
    assert "\nType=notify\n" in unit


def test_the_container_installs_by_hash_and_is_not_root() -> None:
    steps = (ROOT / "deploy" / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    users = re.findall(r"^USER (\d+):(\d+)$", steps, re.M)
    assert users
    assert "0" not in users[-1]
    installs = re.findall(r"pip install [^&\n]*", steps)
    assert installs
    assert [s for s in installs if "--require-hashes" not in s and "--no-index" not in s] == []


def test_the_container_writes_nowhere_but_to_its_data() -> None:
    compose = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"):
        assert line in compose
