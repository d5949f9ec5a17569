"""Whether a number can be known: what is configured, and how far each stream has been read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from kpi.period import Span
from store.bookkeeping import StreamRow
from store.moment import day_number
from store.table import DEAL, SourceRow, table_of

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
    """How far one stream of one source was read; both None before its first run has ended.

    `cut`: there are records from before `since`, so there may be others that were not read.
    """

    since: datetime | None
    watermark: datetime | None
    cut: bool = False


@dataclass(frozen=True)
class Coverage:
    """The state of a number and, for each stream it needs, the moment up to which it was read."""

    state: State
    marks: Mapping[str, str | None]


Reaches = Mapping[tuple[str, str], Reach]


def read_reaches(tx: Connection) -> Reaches:
    """How far every stream was read, by source and stream."""
    query = select(
        _SOURCE.c.name, _STREAM.c.name, _STREAM.c.since, _STREAM.c.watermark, _SOURCE.c.id
    ).join(_SOURCE, _SOURCE.c.id == _STREAM.c.source_id)
    return {
        (source, name): Reach(since, watermark, name == "deals" and _is_cut(tx, number, since))
        for source, name, since, watermark, number in tx.execute(query).all()
    }


def judge(
    needs: Iterable[str],
    span: Span,
    vantage: Vantage,
    reaches: Reaches,
    *,
    all_time: bool = False,
) -> Coverage:
    """State and coverage of a number that needs these streams in this span.

    Of several sources of one stream it is enough that one is known, but then only in part. What
    needs records of `all_time` is known in part where there are some from before the first read.
    """
    marks: dict[str, str | None] = {}
    states: list[State] = []
    for stream in needs:
        found: set[State] = set()
        for source, (streams, poll) in vantage.configured.items():
            if stream in streams:
                reach = reaches.get((source, stream), Reach(None, None))
                marks[f"{source}/{stream}"] = iso(reach.watermark) if reach.watermark else None
                found.add(_state(reach, span, poll, vantage))
                if all_time and reach.cut:
                    found.add("partial")
        states.append(joined(found))
    if vantage.now < span.begins_at(vantage.zone):
        states.append("unknown")
    return Coverage(worst(states), marks)


def worst(states: Iterable[State]) -> State:
    """The least certain of the states; `value` for none."""
    return max(states, key=STATES.index, default="value")


def joined(found: set[State]) -> State:
    """The state of a stream from those of its sources."""
    if not found or found == {"unknown"}:
        return "unknown"
    return "value" if found == {"value"} else "partial"


def _is_cut(tx: Connection, source_id: int, since: datetime | None) -> bool:
    """Whether deals are known from before the day of `since`: those nobody touched are missing."""
    if since is None:
        return False
    older = DEAL.c.created_day < day_number(since.astimezone(UTC).date())
    return bool(tx.execute(select(exists().where(older, DEAL.c.source_id == source_id))).scalar())


def _state(reach: Reach, span: Span, poll: timedelta, vantage: Vantage) -> State:
    ends_at = span.ends_at(vantage.zone)
    if reach.watermark is None or (reach.since is not None and ends_at <= reach.since):
        return "unknown"
    due_at = min(ends_at, vantage.now - slack_of(poll))
    begun_before = reach.since is not None and span.begins_at(vantage.zone) < reach.since
    return "partial" if begun_before or reach.watermark < due_at else "value"


def slack_of(poll: timedelta) -> timedelta:
    """How far behind a stream may be that is polled this often."""
    return max(POLLS * poll, LEAST_SLACK)


def iso(moment: datetime) -> str:
    """A moment as coverage shows it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
