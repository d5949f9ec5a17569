"""Facts about single deals for a destination `record_fields`: what people see in the deal."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from config.settings import DestinationSettings
from connectors.destination import FieldKind, FieldSpec, text_of
from kpi.period import month_of, months_back
from merilo.wiring import App
from store.deal_fact import Standing, Talk, standings, talks
from store.directory import source_ids
from store.moment import to_ms
from store.stage_change import last_arrivals
from store.stream import load_stream
from writeback.desired import Desired, Wanted

_FACTS = {
    "days_in_stage": (FieldKind.COUNT, {"ru": "Дней в стадии", "en": "Days in stage"}),
    "talk_minutes": (FieldKind.COUNT, {"ru": "Минут разговора", "en": "Talk, minutes"}),
    "last_contact": (FieldKind.DATE, {"ru": "Последний разговор", "en": "Last talk"}),
}
_TALKS = {"talk_minutes", "last_contact"}

Fact = Decimal | int | date | None


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the facts of deals are made from. `arrivals`: when an open deal came into its stage.

    `calls_since`: calls that began then or later are all known; None when none are.
    """

    zone: ZoneInfo
    now: datetime
    arrivals: Mapping[str, datetime]
    talks: Mapping[str, Sequence[Talk]]
    calls_since: datetime | None

    def facts(self, deal: Standing) -> dict[str, Fact]:
        """Every fact of one deal, None where it is not known or makes no sense."""
        return {"days_in_stage": self._days(deal), **self._talk(deal)}

    def _days(self, deal: Standing) -> int | None:
        """Local midnights since the deal came into its stage; a closed deal waits nowhere."""
        arrived_at = self.arrivals.get(deal.ref)
        if deal.closed_at is not None or arrived_at is None:
            return None
        return max(0, (self._day(self.now) - self._day(arrived_at)).days)

    def _talk(self, deal: Standing) -> dict[str, Fact]:
        """Talks with the deal's client while it was open. Known only if all these calls are."""
        if deal.client_ref is None or self.calls_since is None:
            return {}
        if deal.created_at < self.calls_since:
            return {}
        every = self.talks.get(deal.client_ref, ())
        until = to_ms(deal.closed_at or self.now)
        begin = bisect_left(every, to_ms(deal.created_at), key=lambda talk: talk.at_ms)
        own = every[begin : bisect_right(every, until, key=lambda talk: talk.at_ms)]
        minutes = Decimal(sum(talk.talk_s for talk in own)) / 60
        last = self._day_of(own[-1]) if own else None
        return {"talk_minutes": minutes, "last_contact": last}

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _day_of(self, talk: Talk) -> date:
        return datetime.fromtimestamp(talk.at_ms / 1000, self.zone).date()


def desired_facts(app: App, settings: DestinationSettings) -> Desired:
    """The facts of open deals and of those that closed within the settings' months."""
    vantage, language = app.vantage, app.settings.merilo.language
    today = vantage.now.astimezone(vantage.zone).date()
    closed_from = month_of(months_back(today, settings.months)).begins_at(vantage.zone)
    with app.store.read() as tx:
        source_id = source_ids(tx).get(settings.source)
        if source_id is None:
            return Desired(fields=_fields(settings, language), own=())
        deals = standings(tx, source_id, closed_from)
        sight = _look(tx, source_id, deals, set(settings.metrics), vantage.zone, vantage.now)
    fields = _fields(settings, language)
    records = [_record(deal, fields, sight.facts(deal)) for deal in deals]
    return Desired(fields=fields, records=records, language=language, own=())


def _look(
    tx: Connection,
    source_id: int,
    deals: Sequence[Standing],
    names: Collection[str],
    zone: ZoneInfo,
    now: datetime,
) -> Sight:
    arrivals, found = {}, {}
    calls = load_stream(tx, source_id, "calls")
    calls_since = calls.since if calls.watermark is not None else None
    if "days_in_stage" in names:
        arrivals = _arrivals(tx, source_id, [deal for deal in deals if deal.closed_at is None])
    if calls_since is not None and deals and not _TALKS.isdisjoint(names):
        oldest = min(deal.created_at for deal in deals)
        found = dict(talks(tx, source_id, max(oldest, calls_since)))
    return Sight(zone=zone, now=now, arrivals=arrivals, talks=found, calls_since=calls_since)


def _arrivals(tx: Connection, source_id: int, deals: Sequence[Standing]) -> dict[str, datetime]:
    """By the stage history; a deal of which it tells nothing never moved, if it would tell."""
    known = last_arrivals(tx, source_id, "deal", {deal.ref for deal in deals})
    places = {deal.ref: (deal.ref, deal.pipeline_ref, deal.stage_ref) for deal in deals}
    found = {ref: known[place] for ref, place in places.items() if place in known}
    told, history = {ref for ref, *_ in known}, load_stream(tx, source_id, "stage_history")
    if history.watermark is None or history.since is None:
        return found
    still = (deal for deal in deals if deal.ref not in told and deal.created_at >= history.since)
    return found | {deal.ref: deal.created_at for deal in still}


def _record(deal: Standing, fields: Sequence[FieldSpec], facts: Mapping[str, Fact]) -> Wanted:
    texts = {spec.name: text_of(spec.kind, facts.get(spec.name)) for spec in fields}
    return Wanted(key=f"deal:{deal.ref}", manager=None, period=None, texts=texts)


def _fields(settings: DestinationSettings, language: str) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(name=name, title=_FACTS[name][1][language], kind=_FACTS[name][0])
        for name in dict.fromkeys(settings.metrics)
    )
