"""One turn of the work on a source: read what changed, then let the KPIs follow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.error import MeriloError
from kpi.engine import refresh
from merilo.wiring import App
from sync.comparison import compare_calls
from sync.late import MONTH, read_late
from sync.page import StreamResult
from sync.pipeline import NEVER, Pass
from sync.source import turn
from sync.sweep import SweepResult, sweep_stream


@dataclass(frozen=True, kw_only=True)
class CycleResult:
    """What one cycle of a source read, stream by stream."""

    source: str
    streams: tuple[StreamResult, ...]

    @property
    def errors(self) -> tuple[MeriloError, ...]:
        """Why streams failed."""
        return tuple(each.error for each in self.streams if each.error is not None)

    @property
    def failed(self) -> MeriloError | None:
        """The error of a source of which nothing could be read, else None."""
        return self.errors[0] if len(self.errors) == len(self.streams) and self.errors else None


def run_cycle(
    app: App,
    source: str,
    *,
    names: Sequence[str] = (),
    full: bool = False,
    should_stop: Callable[[], bool] = NEVER,
    report: Callable[[StreamResult], None] = lambda _result: None,
) -> CycleResult:
    """Reads the source and refreshes the KPIs; what was read counts even if a stream failed."""
    with turn(app.settings.merilo.data_dir, source):
        one = Pass(source=app.source(source), full=full, should_stop=should_stop, report=report)
        result = CycleResult(source=source, streams=tuple(one.run(names)))
    compare_calls(app.store, app.settings.sources)
    refresh(app.store, app.catalog, app.settings.merilo.zone)
    return result


def run_sweep(app: App, source: str, *, accept: bool = False) -> list[SweepResult]:
    """Compares the ids of every stream that can list them; raises GuardError on a mass removal."""
    with turn(app.settings.merilo.data_dir, source):
        place = app.source(source)
        streams = place.connector.streams
        results = [sweep_stream(place, stream, accept=accept) for stream in streams]
        late = read_late(place, reach=MONTH)
    refresh(app.store, app.catalog, app.settings.merilo.zone)
    _complain(late)
    return [result for result in results if result is not None]


def run_late(
    app: App, source: str, *, should_stop: Callable[[], bool] = NEVER
) -> list[StreamResult]:
    """Reads again what may have come late; raises the first error after everything was tried."""
    with turn(app.settings.merilo.data_dir, source):
        results = read_late(app.source(source), should_stop=should_stop)
    refresh(app.store, app.catalog, app.settings.merilo.zone)
    _complain(results)
    return results


def _complain(results: Sequence[StreamResult]) -> None:
    for result in results:
        if result.error is not None:
            raise result.error
