"""The sandbox in the foreground, for people and for other processes."""

import json
import signal
import sys
import threading
from contextlib import ExitStack
from types import FrameType

from sandbox.server import NAMES, start_sandbox


def serve(
    names: list[str],
    *,
    port: int,
    seed: int,
    scale: str,
    speed: float,
    limits: bool,
    tls: bool,
    faults: list[str],
    latency_s: float = 0.0,
) -> int:
    """Serve until SIGINT or SIGTERM; the first line of stdout is JSON with url and login.

    Returns the exit code: 0 after a signal, 2 for a name or a scale nobody knows.
    """
    stop = threading.Event()

    def stopping(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopping)
    with ExitStack() as stack:
        shown: dict[str, dict[str, str | None]] = {}
        for index, name in enumerate(names or list(NAMES)):
            try:
                box = start_sandbox(
                    name,
                    port=port + index if port else 0,
                    seed=seed,
                    scale=scale,
                    speed=speed,
                    limits=limits,
                    tls=tls,
                    faults=faults,
                )
            except ValueError as error:
                sys.stderr.write(f"{error}\n")
                return 2
            box.limits.latency_s = latency_s
            stack.enter_context(box)
            shown[name] = box.credentials
        sys.stdout.write(json.dumps(shown) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0
