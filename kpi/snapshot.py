"""What stands open now, kept once a day: while the day lasts it follows, afterwards it is frozen.

A day belongs to a snapshot by how far the CRM had been read, not by the clock: what was read up to
Monday is Monday's, whenever it is counted. Days on which nothing was read have none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from kpi.catalog import Catalog
from kpi.cell import Cells
from kpi.coverage import Coverage, Reaches, State, Vantage, iso, joined, slack_of, worst
from kpi.metric import Metric
from kpi.outcome import Answers, Outcome
from kpi.period import Span
from kpi.shown import to_fraction
from kpi.subject import SUBJECTS
from kpi.tally import SUMS
from store.bookkeeping import StreamRow
from store.directory import aliases, hidden_managers, source_ids
from store.moment import day_number, to_day
from store.snapshot import (
    Held,
    SnapshotDay,
    last_looks,
    put_snapshot,
    snapshot_days,
    snapshot_sums,
)
from store.table import TEAM, table_of

_STREAM = table_of(StreamRow)

FRESH = timedelta(minutes=5)
"""While nothing changes, a snapshot is confirmed this often, so that reading costs no writing."""


class Look(NamedTuple):
    """A metric of a source can be kept as it stood at `as_of`."""

    name: str
    source_id: int
    as_of: datetime


def is_due(tx: Connection, catalog: Catalog, zone: ZoneInfo) -> bool:
    """Whether a day has begun, or the last look is long ago."""
    if not catalog.snapshots:
        return False
    known = last_looks(tx)
    for look in _looks(tx, catalog):
        last = known.get((look.source_id, catalog.metrics[look.name].kept_as))
        if last is None or look.as_of - last >= FRESH or to_day(last, zone) != to_day(
            look.as_of, zone
        ):  # fmt: skip
            return True
    return False


def take_snapshots(tx: Connection, cells: Cells, zone: ZoneInfo) -> None:
    """Keeps what every manager, and the team, holds now, under the day up to which was read."""
    for look in _looks(tx, cells.catalog):
        day = to_day(look.as_of, zone)
        held = _by_manager(tx, cells, look, day)
        metric = cells.catalog.metrics[look.name].kept_as
        put_snapshot(tx, SnapshotDay(metric, look.source_id, day, look.as_of), held)


def holders(tx: Connection, source_id: int, day: int) -> dict[str, int]:
    """The manager behind each account of a source on a day."""
    hidden = hidden_managers(tx)
    return {
        alias.ref: alias.manager_id
        for alias in aliases(tx)
        if alias.source_id == source_id
        and alias.from_day <= day <= alias.to_day
        and alias.manager_id not in hidden
    }


def is_newest(tx: Connection, kept: SnapshotDay) -> bool:
    """Whether it is the last one, which still shows what stands now."""
    return last_looks(tx)[kept.source_id, kept.metric] == kept.as_of


@dataclass(frozen=True)
class Kept:
    """Snapshots of one metric: outcomes by span and manager, how sure they are, and which days of
    which sources they show."""

    answers: Answers
    coverage: Mapping[date, Coverage]
    shown: Mapping[date, Sequence[SnapshotDay]]


def read_snapshots(
    tx: Connection,
    metric: Metric,
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
    vantage: Vantage,
    reaches: Reaches,
) -> Kept:
    """The last snapshot of each span; a span without one is unknown, never 0."""
    if not spans:
        return Kept({}, {}, {})
    names = {number: name for name, number in source_ids(tx).items() if name in vantage.configured}
    first, last = day_number(spans[0].first), day_number(spans[-1].last)
    kept = snapshot_days(tx, [metric.kept_as], first, last)
    shown = {
        span.first: tuple(_last_of(span, [each for each in kept if each.source_id in names]))
        for span in spans
    }
    days = {each.day for found in shown.values() for each in found}
    sums = snapshot_sums(tx, [metric.kept_as], days, manager_ids)
    answers: Answers = {
        key: [(None, Outcome(to_fraction(held[0], metric.unit), held[1], held[2] > 0))]
        for key, held in _added(shown, sums).items()
    }
    coverage = {
        span.first: _coverage(
            metric, span, {names[each.source_id]: each.as_of for each in shown[span.first]},
            vantage, reaches,
        )
        for span in spans
    }  # fmt: skip
    return Kept(answers, coverage, shown)


def _looks(tx: Connection, catalog: Catalog) -> Iterator[Look]:
    """What can be kept: nothing of a source whose first or present run has not come to its end."""
    query = select(_STREAM.c.source_id, _STREAM.c.name, _STREAM.c.watermark).where(
        _STREAM.c.watermark.is_not(None), _STREAM.c.began_at.is_(None)
    )
    read = tx.execute(query).all()
    for name, kind in catalog.snapshots.items():
        stream = SUBJECTS[kind.sums.total.fact].stream
        yield from (Look(name, row[0], row[2]) for row in read if row[1] == stream)


def _by_manager(tx: Connection, cells: Cells, look: Look, day: int) -> dict[int, Held]:
    rows = cells.holding.c
    query = select(rows.holder, *(rows[name] for name in SUMS)).where(
        rows.metric == look.name, rows.source_id == look.source_id
    )
    people, found = holders(tx, look.source_id, day), dict[int, Held]()
    for holder, *held in tx.execute(query):
        for manager_id in {TEAM, people.get(holder, TEAM)}:
            found[manager_id] = _plus(found.get(manager_id), (held[0], held[1], held[2]))
    return found


def _last_of(span: Span, kept: Sequence[SnapshotDay]) -> Iterator[SnapshotDay]:
    """The last day of each source within the span; `kept` ascends."""
    first, last = span.days
    newest = {each.source_id: each for each in kept if first <= each.day <= last}
    yield from newest.values()


def _added(
    shown: Mapping[date, Sequence[SnapshotDay]],
    sums: Mapping[tuple[str, int, int, int], Held],
) -> dict[tuple[date, int], Held]:
    """What was held by span and manager, all sources together."""
    spans: dict[tuple[int, int], list[date]] = {}
    for first, days in shown.items():
        for each in days:
            spans.setdefault((each.source_id, each.day), []).append(first)
    found: dict[tuple[date, int], Held] = {}
    for (_, source_id, day, manager_id), held in sums.items():
        for first in spans.get((source_id, day), ()):
            found[first, manager_id] = _plus(found.get((first, manager_id)), held)
    return found


def _plus(one: Held | None, other: Held) -> Held:
    return other if one is None else (one[0] + other[0], one[1] + other[1], one[2] + other[2])


def _coverage(
    metric: Metric, span: Span, as_of: Mapping[str, datetime], vantage: Vantage, reaches: Reaches
) -> Coverage:
    """Sure is what was looked at near the end of the span; without a look nothing is known."""
    marks: dict[str, str | None] = {}
    states: list[State] = []
    for stream in metric.needs:
        found: set[State] = set()
        for source, (streams, poll) in vantage.configured.items():
            if stream in streams or stream in vantage.feeds.get(source, ()):
                seen = as_of.get(source)
                marks[f"{source}/{stream}"] = iso(seen) if seen else None
                due_at = min(span.ends_at(vantage.zone), vantage.now) - slack_of(poll)
                found.add("unknown" if seen is None else "partial" if seen < due_at else "value")
                if seen is not None and reaches[source, stream].cut:
                    found.add("partial")
        states.append(joined(found))
    return Coverage(worst(states), marks)
