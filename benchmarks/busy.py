"""A vendor's account in a process of its own that keeps changing while it is read."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def served(module: str, rows: int) -> Iterator[Any]:
    """The process of a module of benchmarks that ends in `serve`; its first line is the login."""
    command = [sys.executable, "-m", f"benchmarks.{module}", str(rows)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def told(process: Any) -> dict[str, Any]:
    """The next line of the process."""
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def account_for(process: Any, ids: Path) -> dict[str, Any]:
    """Ends the changes: what was asked, and what is not in a file of ids (JSON)."""
    process.stdin.write(f"{ids}\n")
    process.stdin.flush()
    return told(process)


def serve(
    box: Any,
    login: dict[str, Any],
    ids: Sequence[int],
    changes: Iterator[object],
    *,
    pause_s: float,
    stays: Callable[[int], bool],
) -> None:
    """Prints the login, changes something every `pause_s` until a line comes on standard input
    with the path of a file of ids (JSON), and answers what it was asked and which of `ids` that
    were there all the time are not in it.
    """
    _say(login)
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(pause_s):
            next(changes)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    path = Path(sys.stdin.readline().strip())
    stop.set()
    worker.join()
    stayed = {each for each in ids if stays(each)}
    found = set(json.loads(path.read_text()))
    _say(
        {
            "requests": len(box.log),
            "rejected": sum(not 200 <= record.status < 300 for record in box.log),
            "missed": len(stayed - found),
            "stayed": len(stayed),
        }
    )


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
