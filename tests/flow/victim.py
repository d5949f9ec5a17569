"""What is killed: an agent in a process of its own, forked from one that knows all imports."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.flow.victim", "tests.flow.switchboard", "tests.flow.kill", "merilo.cycle",
     "merilo.scorecard", "connectors.http"]
)  # fmt: skip


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


def perish(
    work: Callable[[Path], None], request: tuple[type, str], number: int, settings: Path, *,
    before: bool,
) -> bool:  # fmt: skip
    """Does the work in a new process, which ends at a request; whether it made so many."""
    process = start(partial(_perish, work, request, number, before), settings)
    process.join(600)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _perish(
    work: Callable[[Path], None], request: tuple[type, str], number: int, before: bool,
    settings: Path,
) -> None:  # fmt: skip
    from tests.flow.kill import powerless

    with powerless(*request, number, before=before):
        work(settings)


def read(source: str, clock: Any, settings: Path) -> None:
    """A pass over a source by a clock; whoever waits lets its time go by."""
    from merilo.cycle import run_cycle
    from tests.flow.switchboard import agent

    with agent(settings, clock) as app:
        app.wait = lambda seconds: clock.forward(seconds=seconds)  # type: ignore[method-assign]
        assert not run_cycle(app, source).errors


def read_and_apply(settings: Path) -> None:
    """A first read and the first, approved, write-back."""
    from merilo.cycle import run_cycle
    from merilo.scorecard import apply_writeback
    from tests.flow.agent import agent

    with agent(settings) as app:
        run_cycle(app, "main")
        apply_writeback(app, app.settings.destinations[0])


def sync_funnels(settings: Path) -> None:
    """What `merilo sync amo --stream funnels` does, with its exit code."""
    from tests.flow.login import merilo

    raise SystemExit(merilo(settings, "sync", "amo", "--stream", "funnels"))
