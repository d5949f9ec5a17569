"""What is killed: an agent in a process of its own, forked from one that knows all imports."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.flow.victim", "merilo.cycle", "merilo.scorecard"])


def start(work: Callable[[Path], None], settings: Path) -> ForkServerProcess:
    """Starts the work in a new process."""
    process = _CONTEXT.Process(target=_run, args=(work, settings), daemon=True)
    process.start()
    return process


def kill(process: ForkServerProcess) -> None:
    """Ends it as a power cut would, with no chance to tidy up."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


def _run(work: Callable[[Path], None], settings: Path) -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    work(settings)


def read_and_apply(settings: Path) -> None:
    """A first read and the first, approved, write-back."""
    from merilo.cycle import run_cycle
    from merilo.scorecard import apply_writeback
    from tests.flow.agent import agent

    with agent(settings) as app:
        run_cycle(app, "main")
        apply_writeback(app, app.settings.destinations[0])
