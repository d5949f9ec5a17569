"""Whether a number can be known: what is configured, and how far each stream has been read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from kpi.period import Span
from store.bookkeeping import StreamRow
from store.table import SourceRow, table_of

_STREAM, _SOURCE = table_of(StreamRow), table_of(SourceRow)

State = Literal["value", "partial", "unknown"]
STATES: tuple[State, ...] = ("value", "partial", "unknown")
"""From the best to the worst."""

POLLS = 3
LEAST_SLACK = timedelta(minutes=15)
"""A stream may lag min(period's end, now) by this or by three polls, whichever is more."""

Configured = Mapping[str, tuple[tuple[str, ...], timedelta]]
"""For each configured source: the streams its connector reads, and how often it is polled."""


@dataclass(frozen=True)
class Vantage:
    """From where numbers are judged: what is configured, the zone of its days, and the moment."""

    configured: Configured
    zone: ZoneInfo
    now: datetime


class Reach(NamedTuple):
    """How far one stream of one source was read; both None before its first run has ended."""

    since: datetime | None
    watermark: datetime | None


@dataclass(frozen=True)
class Coverage:
    """The state of a number and, for each stream it needs, the moment up to which it was read."""

    state: State
    marks: Mapping[str, str | None]


Reaches = Mapping[tuple[str, str], Reach]


def read_reaches(tx: Connection) -> Reaches:
    """How far every stream was read, by source and stream."""
    query = select(_SOURCE.c.name, _STREAM.c.name, _STREAM.c.since, _STREAM.c.watermark).join(
        _SOURCE, _SOURCE.c.id == _STREAM.c.source_id
    )
    return {(row[0], row[1]): Reach(row[2], row[3]) for row in tx.execute(query)}


def judge(needs: Iterable[str], span: Span, vantage: Vantage, reaches: Reaches) -> Coverage:
    """State and coverage of a number that needs these streams in this span.

    Of several sources of one stream it is enough that one is known, but then only in part.
    """
    marks: dict[str, str | None] = {}
    states: list[State] = []
    for stream in needs:
        found: set[State] = set()
        for source, (streams, poll) in vantage.configured.items():
            if stream in streams:
                reach = reaches.get((source, stream), Reach(None, None))
                marks[f"{source}/{stream}"] = _iso(reach.watermark) if reach.watermark else None
                found.add(_state(reach, span, poll, vantage))
        states.append(_joined(found))
    if vantage.now < span.begins_at(vantage.zone):
        states.append("unknown")
    return Coverage(worst(states), marks)


def worst(states: Iterable[State]) -> State:
    """The least certain of the states; `value` for none."""
    return max(states, key=STATES.index, default="value")


def _joined(found: set[State]) -> State:
    if not found or found == {"unknown"}:
        return "unknown"
    return "value" if found == {"value"} else "partial"


def _state(reach: Reach, span: Span, poll: timedelta, vantage: Vantage) -> State:
    ends_at = span.ends_at(vantage.zone)
    if reach.watermark is None or (reach.since is not None and ends_at <= reach.since):
        return "unknown"
    due_at = min(ends_at, vantage.now - max(POLLS * poll, LEAST_SLACK))
    begun_before = reach.since is not None and span.begins_at(vantage.zone) < reach.since
    return "partial" if begun_before or reach.watermark < due_at else "value"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
