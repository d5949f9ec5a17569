"""Signals to a real process: a good end, a quick end, and reloading."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from merilo.service import STOP_S

ROOT = Path(__file__).parent.parent.parent


class Running:
    """The process, what it wrote, and what it told systemd."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder = folder
        self.log = folder / "stderr"
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.systemd.bind(str(folder / "notify"))
        self.systemd.settimeout(10)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.service.process", str(folder), mode],
                cwd=ROOT,
                stderr=log,
                env={
                    "NOTIFY_SOCKET": str(folder / "notify"),
                    "WATCHDOG_USEC": "200000",
                    "PATH": "/usr/bin:/bin",
                },
            )

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]

    def hears(self, wanted: str) -> bool:
        return any(wanted in self.systemd.recv(4096).decode().split("\n") for _ in range(200))

    def waits_for(self, met: Callable[[], bool], timeout_s: float = 20) -> bool:
        end = time.monotonic() + timeout_s
        while not met() and time.monotonic() < end:
            time.sleep(0.01)
        return met()


@contextmanager
def running(folder: Path, mode: str) -> Iterator[Running]:
    service = Running(folder, mode)
    try:
        assert service.hears("READY=1")
        yield service
    finally:
        service.process.kill()
        service.process.wait(10)
        service.systemd.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_finishes_the_page_in_hand(tmp_path: Path, number: int) -> None:
    with running(tmp_path, "page") as service:
        assert service.waits_for((tmp_path / "begun").exists)
        assert not (tmp_path / "page-kept").exists()
        service.process.send_signal(number)
        assert service.process.wait(10) == 0
        assert (tmp_path / "page-kept").exists()
        assert service.hears("STOPPING=1")
        assert service.events()[-1] == "service.stopped"


def test_the_second_signal_ends_at_once_with_130(tmp_path: Path) -> None:
    with running(tmp_path, "hang") as service:
        assert service.waits_for((tmp_path / "begun").exists)
        service.process.send_signal(signal.SIGTERM)
        assert service.hears("STOPPING=1")
        begun = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(5) == 130
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("mode", "longest_s"),
    [("tired", 6.0), pytest.param("hang", 10.5, marks=pytest.mark.long)],
)
def test_work_that_hangs_does_not_keep_the_service_longer_than_ten_seconds(
    tmp_path: Path, mode: str, longest_s: float
) -> None:
    assert STOP_S < 10
    with running(tmp_path, mode) as service:
        assert service.waits_for((tmp_path / "begun").exists)
        begun = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(12) == 0
        assert time.monotonic() - begun < longest_s
        assert service.events()[-1] == "service.stop_forced"


def test_a_bad_file_keeps_the_old_settings_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path, "idle") as service:
        (tmp_path / "settings").write_text("bad")
        service.process.send_signal(signal.SIGHUP)
        assert service.waits_for(lambda: "settings.reload_refused" in service.events())
        line = json.loads(service.log.read_text().splitlines()[-1])
        assert line["what"] == "s.toml:1:1: x: unknown key"
        (tmp_path / "settings").write_text("main pbx")
        service.process.send_signal(signal.SIGHUP)
        assert service.waits_for(lambda: "settings.reloaded" in service.events())
        assert service.hears("STATUS=main: ok, pbx: ok")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0


def test_systemd_hears_that_the_service_lives(tmp_path: Path) -> None:
    with running(tmp_path, "idle") as service:
        assert service.hears("STATUS=main: ok")
        assert service.hears("WATCHDOG=1")
        assert service.hears("WATCHDOG=1")
