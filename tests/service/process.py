"""A service with made-up work in a process of its own: python process.py FOLDER MODE."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from config.error import ConfigError, Problem
from merilo.log import configure_logging
from merilo.schedule import Work
from merilo.service import Service
from tests.service.fake import FakeWork


def main(folder: Path, mode: str) -> bool:
    """`page`: a page takes a second; `hang`, `tired`: one never ends, and a tired service waits
    for it a second only. SIGHUP reads FOLDER/settings."""
    if mode == "tired":
        Service.stop.__defaults__ = (1.0,)

    def hold(_source: str, should_stop: Callable[[], bool]) -> None:
        (folder / "begun").touch()
        while mode in ("hang", "tired") or not should_stop():
            time.sleep(0.02)
        (folder / "page-kept").touch()

    def reload() -> Work:
        text = (folder / "settings").read_text()
        if text == "bad":
            problem = Problem(file="s.toml", line=1, column=1, key="x", message="unknown key")
            raise ConfigError(problems=[problem])
        return FakeWork(sources=tuple(text.split())).work(folder)

    configure_logging(True, list)
    fake = FakeWork(hold=hold) if mode != "idle" else FakeWork()
    service = Service(fake.work(folder), clock=lambda: datetime.now(UTC), reload=reload)
    service.start()
    return service.run()


if __name__ == "__main__":
    import os

    if not main(Path(sys.argv[1]), sys.argv[2]):
        os._exit(0)
