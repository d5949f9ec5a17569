"""Reads again the records that made no sense, once what made them so has changed."""

from collections.abc import Iterator
from typing import NamedTuple

from kpi.engine import refresh
from merilo.cycle import run_cycle
from merilo.wiring import App
from store.stream import quarantined
from sync.page import fetch_records


class Replayed(NamedTuple):
    """How many records of a stream were set aside, and how many of them are understood now.

    `understood` is None where the source is not in the settings any more.
    """

    source: str
    stream: str
    aside: int
    understood: int | None


def replay(app: App) -> Iterator[Replayed]:
    """Tries to understand every record set aside again, stream by stream; raises RemoteError."""
    before = _set_aside(app)
    for name, stream in sorted({(source, stream) for source, stream, _ in before}):
        refs = {ref for *place, ref in before if place == [name, stream]}
        understood = None
        if name in app.connectors:
            _read_again(app, name, stream, sorted(refs))
            left = _set_aside(app)
            understood = sum((name, stream, ref) not in left for ref in refs)
        yield Replayed(name, stream, len(refs), understood)
    refresh(app.store, app.catalog, app.settings.merilo.zone)


def _set_aside(app: App) -> set[tuple[str, str, str]]:
    with app.store.read() as tx:
        return {(each["source"], each["stream"], each["ref"]) for each in quarantined(tx)}


def _read_again(app: App, name: str, stream_name: str, refs: list[str]) -> None:
    """By their ids; where nobody can ask for those, everything."""
    source = app.source(name)
    stream = next(each for each in source.connector.streams if each.name == stream_name)
    if stream.fetch is not None:
        fetch_records(source, stream, refs)
        return
    if errors := run_cycle(app, name, names=(stream_name,), full=True).errors:
        raise errors[0]
