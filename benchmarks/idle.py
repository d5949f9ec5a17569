"""What the service costs while nothing happens, and how soon it is there."""

import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path

from benchmarks.memory import resident_mib
from benchmarks.portal import portal, write_settings

_MERILO = [sys.executable, "-c", "from merilo.launch import main; main()"]


def run(*, large: bool) -> None:
    """Prints start-up times and memory beside their goals."""
    del large
    helps = [_time([*_MERILO, "--help"]) for _ in range(5)]
    print(f"merilo --help: {statistics.median(helps):.2f} s (goal: <= 0.4)")
    with portal("small") as box, tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        settings = write_settings(Path(folder), box, port)
        began = time.time()
        command = [*_MERILO, "--config", str(settings), "run"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                first = _first_request(box["url"]) - began
                print(f"first request: {first:.2f} s after start (goal: <= 2)")
                _wait_for(f"http://127.0.0.1:{port}/")
                time.sleep(10)
                print(f"idle with its web: {resident_mib(process.pid)} MB (goal: <= 100)")
            finally:
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                code = process.wait(15)
        print(f"end after SIGTERM: {time.monotonic() - began:.2f} s, exit {code} (goal: <= 10, 0)")


def _time(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


def _first_request(url: str) -> float:
    """The moment of the portal's first request, by the portal's own log; seconds since 1970."""
    while True:
        records = json.loads(_get(f"{url}/_sandbox/log"))["log"]
        if records:
            return datetime.fromisoformat(records[0]["at"]).timestamp()
        time.sleep(0.02)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            _get(url)
        except OSError:
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
