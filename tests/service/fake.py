"""Work that does nothing but tell what it was asked to do, and fails when told to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from config.error import MeriloError
from config.settings import DestinationSettings, MeriloSection, Settings, SourceSettings
from merilo.schedule import Work


@dataclass
class FakeWork:
    """`errors`: what the next cycles of a source raise; `done` counts what was begun."""

    sources: tuple[str, ...] = ("main",)
    errors: dict[str, list[Exception | None]] = field(default_factory=dict)
    stream_errors: dict[str, MeriloError] = field(default_factory=dict)
    writeback_error: Exception | None = None
    late_error: Exception | None = None
    credential: str = "first"
    cells_were_wrong: bool = False
    done: list[str] = field(default_factory=list)
    hold: Callable[[str, Callable[[], bool]], object] = lambda source, should_stop: None
    closed: threading.Event = field(default_factory=threading.Event)
    poll: timedelta = timedelta(seconds=60)

    def work(self, folder: Path) -> Work:
        """The same as the service wants it."""
        settings = Settings(
            merilo=MeriloSection(data_dir=folder),
            sources={
                name: SourceSettings(connector="fake", url="https://crm.example", poll=self.poll)
                for name in self.sources
            },
            destinations=(
                DestinationSettings(source="main", kind="scorecard", metrics=("revenue",)),
            ),
        )
        return Work(
            settings=settings,
            cycle=self._cycle,
            sweep=lambda source: self.done.append(f"sweep {source}"),
            late=self._late,
            swept_at=lambda source: None,
            writeback=self._writeback,
            self_check=lambda: self.cells_were_wrong,
            credential=lambda source: self.credential,
            close=self.closed.set,
        )

    def _cycle(self, source: str, should_stop: Callable[[], bool]) -> dict[str, MeriloError]:
        self.done.append(f"cycle {source}")
        self.hold(source, should_stop)
        planned = self.errors.get(source)
        error = planned.pop(0) if planned else None
        if error is not None:
            raise error
        return dict(self.stream_errors)

    def _late(self, source: str, should_stop: Callable[[], bool]) -> None:
        self.done.append(f"late {source}")
        if self.late_error is not None:
            raise self.late_error

    def _writeback(self, destination: str, should_stop: Callable[[], bool]) -> None:
        self.done.append(f"write {destination}")
        if self.writeback_error is not None:
            raise self.writeback_error
