"""Whether a number can be known: what is configured, and how far each stream has been read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from kpi.need import STREAM_OF_FIELDS, is_field, is_setting, stream_of
from kpi.period import Span
from store.bookkeeping import StreamRow
from store.custom_value import fields_read, missing_fields
from store.moment import day_number
from store.table import DEAL, SourceRow, table_of

_STREAM, _SOURCE = table_of(StreamRow), table_of(SourceRow)

State = Literal["value", "partial", "unknown"]
STATES: tuple[State, ...] = ("value", "partial", "unknown")
"""From the best to the worst."""

PAST = "past_deals"
"""The stream of deals that nobody touched since the first read's reach."""

POLLS = 3
LEAST_SLACK = timedelta(minutes=15)
"""A stream may lag min(period's end, now) by this or by three polls, whichever is more."""

Feeds = Mapping[str, Mapping[str, tuple[str, ...]]]
Configured = Mapping[str, tuple[tuple[str, ...], timedelta]]
"""For each configured source: the streams its connector reads, and how often it is polled."""


@dataclass(frozen=True)
class Vantage:
    """From where numbers are judged: what is configured, the zone of its days, and the moment.

    `settings`: for each source the settings that feed metrics, as their `needs` spell them, with
    the stages they name. `feeds`: for each source the streams behind names that metrics know.
    """

    configured: Configured
    zone: ZoneInfo
    now: datetime
    settings: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    feeds: Feeds = field(default_factory=dict)

    def stages(self, source: str, role: str) -> tuple[str, ...]:
        """The stages that [funnels.SOURCE] gives a role."""
        return self.settings.get(source, {}).get(f"funnels.{role}", ())

    @property
    def met(self) -> set[str]:
        """The streams and settings that some source has."""
        streams = {name for names, _poll in self.configured.values() for name in names}
        return streams.union(*self.settings.values(), *self.feeds.values())


class Reach(NamedTuple):
    """How far one stream of one source was read; both None before its first run has ended.

    `cut`: there are records from before `since`, so there may be others that were not read, and no
    stream brought them.
    `fields`: settings of custom fields with which all its records were read, and what the vendor
    called each then; without those it does not have.
    """

    since: datetime | None
    watermark: datetime | None
    cut: bool = False
    fields: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Coverage:
    """The state of a number and, for each stream it needs, the moment up to which it was read."""

    state: State
    marks: Mapping[str, str | None]


Reaches = Mapping[tuple[str, str], Reach]


def read_reaches(tx: Connection, feeds: Feeds = MappingProxyType({})) -> Reaches:
    """How far every stream was read, by source and stream, and what several feed by its name."""
    query = select(
        _SOURCE.c.name, _STREAM.c.name, _STREAM.c.since, _STREAM.c.watermark, _SOURCE.c.id
    ).join(_SOURCE, _SOURCE.c.id == _STREAM.c.source_id)
    rows = tx.execute(query).all()
    past = {source: watermark is not None for source, name, _, watermark, _ in rows if name == PAST}
    reaches = {
        (source, name): Reach(
            since,
            watermark,
            name == "deals" and not past.get(source, False) and _is_cut(tx, number, since),
        )
        for source, name, since, watermark, number in rows
    }
    for source, fed in feeds.items():
        named = {name: _slowest(reaches, source, streams) for name, streams in fed.items()}
        if PAST in fed:
            named = {name: reach._replace(cut=False) for name, reach in named.items()}
        reaches.update({(source, name): reach for name, reach in named.items()})
    for source, number in {row[0]: row[4] for row in rows}.items():
        for kind, stream in STREAM_OF_FIELDS.items():
            behind = feeds.get(source, {}).get(stream, (stream,))
            fields = _fields_known(tx, number, kind, behind)
            if fields and (source, stream) in reaches:
                reaches[source, stream] = reaches[source, stream]._replace(fields=fields)
    return reaches


def _fields_known(
    tx: Connection, source_id: int, kind: str, streams: Iterable[str]
) -> Mapping[str, str]:
    """`Reach.fields` of what these streams read."""
    read = [each for name in streams for each in fields_read(tx, source_id, name).items()]
    missing = missing_fields(tx, source_id, kind) if read else ()
    return {f"fields.{kind}.{name}": ref for name, ref in read if name not in missing}


def _slowest(reaches: Reaches, source: str, streams: Iterable[str]) -> Reach:
    """How far all of these streams were read."""
    found = [reaches.get((source, stream), Reach(None, None)) for stream in streams]
    sinces = [reach.since for reach in found if reach.since is not None]
    marks = [reach.watermark for reach in found if reach.watermark is not None]
    watermark = min(marks) if len(marks) == len(found) else None
    return Reach(max(sinces, default=None), watermark, any(reach.cut for reach in found))


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
            fed = (*streams, *vantage.feeds.get(source, ()))
            if is_setting(stream):
                if stream_of(stream) in fed:
                    found.add(_state_of_setting(source, stream, vantage, reaches))
            elif stream in fed:
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


def _state_of_setting(source: str, need: str, vantage: Vantage, reaches: Reaches) -> State:
    """A custom field feeds nothing until all records were read with it, nor if the vendor does not
    have it, whatever the settings say."""
    named = vantage.settings.get(source, {}).get(need)
    if is_field(need):
        reach = reaches.get((source, stream_of(need)), Reach(None, None))
        return "value" if named == (reach.fields.get(need),) else "unknown"
    return "unknown" if named is None else "value"


def slack_of(poll: timedelta) -> timedelta:
    """How far behind a stream may be that is polled this often."""
    return max(POLLS * poll, LEAST_SLACK)


def iso(moment: datetime) -> str:
    """A moment as coverage shows it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
