"""A portal and the agent that reads it, with one clock for both, and the true numbers."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from kpi.engine import rebuild
from kpi.period import By
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow.agent import METRICS, Numbers, agent, shown_values, true_values, write_settings

BY: tuple[By, ...] = ("day", "week", "month", "total")


class Office:
    """A portal and its agent's settings; `reads` are the moments at which the agent read it."""

    mine: Collection[str]
    """The metrics that are compared with the truth."""

    streams: tuple[str, ...] = ()
    """What is read, unless told otherwise; () is everything."""

    first_day: date | None = None
    """From when on numbers are compared; None is 200 days ago."""

    def __init__(self, folder: Path, box: Any, clock: Clock, since: str) -> None:
        self.box, self.portal, self.clock = box, box.portal, clock
        self.settings = write_settings(folder, box, since=since)
        self.reads: list[datetime] = []

    @classmethod
    @contextmanager
    def at(cls, folder: Path, scale: str = "tiny", since: str = "2020-01-01") -> Iterator[Self]:
        """An office in a folder of its own; its clock moves only when told."""
        folder.mkdir(exist_ok=True)
        clock = Clock()
        with start_sandbox("bitrix24", scale=scale, seed=5, limits=False, clock=clock) as box:
            yield cls(folder, box, clock, since)

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent, started anew."""
        with agent(self.settings, self.clock) as app:
            yield app

    def read(self, app: App, *names: str) -> None:
        """A cycle without an error, of these streams or of ours."""
        assert not run_cycle(app, "main", names=names or self.streams).errors
        self.reads.append(self.clock.now)

    def wait(self, **span: float) -> None:
        """Time goes by on both sides."""
        self.clock.forward(**span)

    def agree(self, app: App) -> dict[By, Numbers]:
        """The numbers up to today are the truth, and the cells the facts'; by period, what agrees.

        What is planned for a day that has not begun is not a number yet.
        """
        today = self.clock.now.date()
        span = {"since": self.first_day or today - timedelta(days=200), "until": today}
        mine = [name for name in METRICS if name in self.mine]
        agreed: dict[By, Numbers] = {}
        for by in BY:
            agreed[by] = self._of_mine(true_values(self.box, **span, by=by, reads=self.reads))
            assert self._of_mine(shown_values(app, **span, by=by, metrics=mine)) == agreed[by], by
        assert not rebuild(app.store, app.catalog), "the cells were wrong"
        return agreed

    def _of_mine(self, numbers: Numbers) -> Numbers:
        return {key: found for key, found in numbers.items() if key[1] in self.mine and found[1]}
