"""From KPI values to what a destination should show, and the acts of writing back in one place."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from config.settings import DestinationSettings
from connectors.destination import AS_OF, COVERAGE, FieldKind, FieldSpec
from kpi.engine import is_kept
from kpi.formula import Formula
from kpi.metric import MONEY, RATIO, Metric
from kpi.period import Span, month_of, months_back, split
from kpi.person import read_accounts
from kpi.value import Query, Value, values
from merilo.record_fact import desired_facts
from merilo.wiring import App
from store import ledger
from sync.source import turn
from writeback.apply import apply
from writeback.desired import Desired, ManagerScore, Wanted, card_key, ending, in_profile
from writeback.drain import drain
from writeback.plan import Plan, plan
from writeback.result import UndoResult, WriteResult
from writeback.undo import undo

TODAY = "_today"
"""What a field's name ends with that holds today's value beside the month's."""

_WORDS = {
    "ru": {"today": "сегодня", "value": "Полные", "partial": "Неполные", "unknown": "Нет данных"},
    "en": {"today": "today", "value": "Complete", "partial": "Incomplete", "unknown": "No data"},
}


def run_writeback(
    app: App, name: str, *, should_stop: Callable[[], bool] = bool, verify: bool = False
) -> WriteResult:
    """The service's turn on a destination; sends nothing when nothing changed.

    `verify` reads every record all the same. Raises AuthError, RetryableError.
    """
    settings = destination_of(app, name)
    if should_stop():
        return WriteResult()
    with turn(app.settings.merilo.data_dir, settings.source):
        return drain(
            app.store,
            settings,
            target_of(app, settings),
            partial(desired_of, app, settings),
            app.clock,
            verify=verify,
            should_stop=should_stop,
        )


def plan_writeback(app: App, settings: DestinationSettings) -> Plan:
    """Every step that `apply_writeback` would take; nothing is sent."""
    target, desired = target_of(app, settings), partial(desired_of, app, settings)
    with turn(app.settings.merilo.data_dir, settings.source):
        return plan(app.store, settings, target, desired, app.clock)


def apply_writeback(app: App, settings: DestinationSettings, *, yes: bool = False) -> WriteResult:
    """Makes what is missing in the CRM and sends the difference."""
    target, desired = target_of(app, settings), partial(desired_of, app, settings)
    with turn(app.settings.merilo.data_dir, settings.source):
        return apply(app.store, settings, target, desired, app.clock, yes=yes)


def undo_writeback(app: App, settings: DestinationSettings, run: int) -> UndoResult:
    """Takes a run back and pauses the destination."""
    with turn(app.settings.merilo.data_dir, settings.source):
        return undo(app.store, settings, target_of(app, settings), run, app.clock)


def destination_of(app: App, name: str) -> DestinationSettings:
    """The destination with this name; KeyError if the settings have none."""
    return {each.name: each for each in app.settings.destinations}[name]


def target_of(app: App, settings: DestinationSettings) -> Any:
    """The writer for this kind of destination in its source."""
    make = app.connectors[settings.source].targets[settings.kind]
    return make(app.client(settings.source), app.settings.sources[settings.source])


def desired_of(app: App, settings: DestinationSettings) -> Desired:
    """What the destination should show: this month's KPIs and those before it, or facts."""
    if settings.kind == "record_fields":
        return desired_facts(app, settings)
    language = app.settings.merilo.language
    today = app.vantage.now.astimezone(app.vantage.zone).date()
    is_profile = settings.kind == "user_fields"
    first = months_back(today, 1 if is_profile else settings.months)
    months = split(first, month_of(today).last, "month")
    scores = _scores(app, settings, months, today)
    fields = _fields(app, settings, language)
    if is_profile:
        profiles = [in_profile(fields, score) for score in scores]
        left = _left(app, settings, fields, {each.key for each in profiles}, {"": first})
        records = [*profiles, *left]
        return Desired(fields=fields, records=records, language=language, own={AS_OF, COVERAGE})
    endings = {ending(each.start): each.start for each in months}
    left = _left(app, settings, fields, {card_key(each) for each in scores}, endings)
    return Desired(fields=fields, scores=scores, records=left, language=language)


def _left(
    app: App,
    settings: DestinationSettings,
    fields: Sequence[FieldSpec],
    shown: Collection[str],
    endings: Mapping[str, date],
) -> list[Wanted]:
    """What we wrote about whoever has nothing to show there now: it becomes empty.

    `shown`: the keys of what has; `endings`: how the keys of a month end.
    """
    with app.store.read() as tx:
        # While the cells are not made it is not known who has something to show.
        known = ledger.load_items(tx, settings.name) if is_kept(tx, app.catalog) else {}
    made = sorted(key for key, each in known.items() if each.ref is not None and key not in shown)
    blank = dict.fromkeys((AS_OF, COVERAGE, *(spec.name for spec in fields)))
    return [
        Wanted(key=key, manager=key, period=month, texts=blank)
        for end, month in endings.items()
        for key in made
        if key.endswith(end)
    ]


def _ask(app: App, metrics: Sequence[str], since: date, until: date, by: Any) -> list[Value]:
    query = Query(since=since, until=until, by=by, metrics=tuple(dict.fromkeys(metrics)))
    return values(app.store, app.catalog, query, app.vantage)


def _fields(app: App, settings: DestinationSettings, language: str) -> tuple[FieldSpec, ...]:
    metrics = [app.catalog.column(name) for name in dict.fromkeys(settings.metrics)]
    todays = [app.catalog.column(name) for name in dict.fromkeys(settings.today)]
    word = _WORDS[language]["today"]
    return (
        *(_spec(each, each.name, each.title(language)) for each in metrics),
        *(_spec(each, each.name + TODAY, f"{each.title(language)}, {word}") for each in todays),
    )


def _spec(metric: Metric, name: str, title: str) -> FieldSpec:
    return FieldSpec(name=name, title=title, kind=_kind(metric))


def _kind(metric: Metric) -> FieldKind:
    known = {MONEY: FieldKind.MONEY, RATIO: FieldKind.RATIO, "seconds": FieldKind.SECONDS}
    known["days"] = FieldKind.NUMBER
    other = FieldKind.NUMBER if isinstance(metric.kind, Formula) else FieldKind.COUNT
    return known.get(metric.unit, other)


def _scores(
    app: App, settings: DestinationSettings, months: Sequence[Span], today: date
) -> list[ManagerScore]:
    """The months of everybody who had an account in the destination's source then."""
    todays: dict[tuple[int | None, date], dict[str, Decimal | None]] = {}
    for value in _ask(app, settings.today, today, today, "day") if settings.today else []:
        own = todays.setdefault((value.manager_id, value.period.replace(day=1)), {})
        own[value.metric + TODAY] = _number(value)
    accounts = _accounts(app, settings, months, today)
    cards: dict[tuple[int, date], list[Value]] = {}
    for value in _ask(app, settings.metrics, months[0].first, months[-1].last, "month"):
        if value.manager_id in accounts[value.period]:
            cards.setdefault((value.manager_id, value.period), []).append(value)
    return [
        _score(app, card, accounts[key[1]][key[0]], todays.get(key, {}))
        for key, card in cards.items()
    ]


def _accounts(
    app: App, settings: DestinationSettings, months: Sequence[Span], today: date
) -> dict[date, dict[int, str]]:
    """The managers' accounts by month; the fields of a user belong to who it is today."""
    days = {each.start: (each.first, each.last) for each in months}
    if settings.kind == "user_fields":
        days = dict.fromkeys(days, (today, today))
    with app.store.read() as tx:
        return {month: read_accounts(tx, settings.source, *span) for month, span in days.items()}


def _score(
    app: App,
    card: Sequence[Value],
    alias: str,
    today: Mapping[str, Decimal | None],
) -> ManagerScore:
    one = card[0]
    return ManagerScore(
        manager_id=one.manager_id or 0,
        manager=one.manager or "",
        alias=alias,
        period=one.period,
        values={**{value.metric: _number(value) for value in card}, **today},
        coverage=_coverage(app, card),
        as_of=_as_of(card, app.clock()),
    )


def _number(value: Value) -> Decimal | None:
    """The value in major units, ratios 0..1 from the percent that was rounded once."""
    if value.value is None:
        return None
    if value.unit == RATIO:
        return Decimal(str(value.percent)) / 100
    return Decimal(str(value.value))


def _coverage(app: App, card: Sequence[Value]) -> str:
    """How complete the data are, in words that stay while nothing changes: no moments in them."""
    language = app.settings.merilo.language
    words = _WORDS[language]
    parts = []
    for state in ("partial", "unknown"):
        titles = [app.catalog.find(v.metric).title(language) for v in card if v.state == state]
        if len(titles) == len(card):
            return words[state]
        if titles:
            parts.append(f"{words[state]}: {', '.join(titles)}")
    return "; ".join(parts) or words["value"]


def _as_of(card: Iterable[Value], now: datetime) -> datetime:
    """Up to when everything behind the numbers is read."""
    marks = {mark for value in card for mark in value.coverage.values() if mark is not None}
    return min((datetime.fromisoformat(mark) for mark in marks), default=now)
