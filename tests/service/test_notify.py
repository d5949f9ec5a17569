"""sd_notify over real sockets."""

import os
import socket
from pathlib import Path

import pytest

from merilo.notify import notify, watchdog_s


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_every_line(tmp_path: Path, abstract: bool) -> None:
    name = f"@merilo-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if abstract else name)
        listener.settimeout(5)
        assert notify("READY=1", "STATUS=main: ok", environ={"NOTIFY_SOCKET": name})
        assert listener.recv(4096) == b"READY=1\nSTATUS=main: ok"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_nothing_happens_where_nobody_listens(address: str) -> None:
    assert not notify("READY=1", environ={"NOTIFY_SOCKET": address})


def test_the_watchdog_is_fed_twice_as_often_as_it_bites() -> None:
    assert watchdog_s({"WATCHDOG_USEC": "30000000"}) == 15.0
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_s({}) is None
