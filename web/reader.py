"""Reads what the pages show from the store and the KPI engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from config.settings import Settings
from kpi.catalog import Catalog
from kpi.coverage import LEAST_SLACK, POLLS, Vantage
from kpi.explain import Link, Part, Record, explain
from kpi.metric import RATIO, Additive, Metric
from kpi.period import Span, month_of, month_start
from kpi.value import Query, Value, values
from store.store import Store
from store.stream import load_streams
from store.table import TEAM, ManagerRow, table_of
from web.board import (
    UNKNOWN,
    Board,
    Cell,
    Column,
    Evidence,
    Explanation,
    Pace,
    Row,
    Section,
    SourceAge,
)
from web.page import CARDS

MOST_RECORDS = 500
"""Records a page lists for one sum; `merilo explain` lists all."""
_DAY = timedelta(days=1)
_MANAGER = table_of(ManagerRow)


@dataclass(frozen=True, kw_only=True)
class StoreReader:
    """The reader of a real store. `vantage` gives what is configured and the present moment."""

    settings: Settings
    store: Store
    catalog: Catalog
    link: Link
    vantage: Callable[[], Vantage]

    def board(self, month: date | None = None) -> Board:
        """The board of the month that holds the day; None = the current month."""
        vantage = self.vantage()
        today = vantage.now.astimezone(vantage.zone).date()
        this = month_of(month or today)
        before = month_of(this.first - _DAY)
        people = self._people(Query(since=before.first, until=this.last, by="month"), vantage)
        cells = {key: _cells(found, vantage) for key, found in people.items()}
        return Board(
            month=this.first,
            before=before.first,
            today=today,
            columns=[self._column(each) for each in self._shown_metrics()],
            team=self._row(None, "", cells, this, before),
            rows=[
                self._row(person, name, cells, this, before) for person, name in self._shown(people)
            ],
            pace=self._pace(this, before, today, vantage),
            sources=self._sources(vantage),
            currency=self.settings.merilo.currency,
            timezone=self.settings.merilo.timezone,
            made_at=vantage.now,
            links=frozenset(self.catalog.board_names),
        )

    def explain(self, manager_id: int | None, metric: str, month: date) -> Explanation:
        """The records behind one number of a month; LookupError for a KPI nobody declared."""
        declared = self.catalog.metrics[metric]
        vantage = self.vantage()
        found = explain(
            self.store,
            self.catalog,
            manager_id=TEAM if manager_id is None else manager_id,
            metric=metric,
            span=month_of(month),
            vantage=vantage,
            link=self.link,
        )
        return Explanation(
            name=found.value.manager,
            column=self._column(declared),
            month=month_start(month),
            cell=_cell(found.value, vantage),
            sections=[self._section(part) for part in found.parts],
        )

    def _shown_metrics(self) -> list[Metric]:
        written = {name for each in self.settings.destinations for name in each.metrics}
        return [each for each in self.catalog.board if not each.beside or each.name in written]

    def _column(self, metric: Metric) -> Column:
        language = self.settings.merilo.language
        return Column(
            metric=metric.name,
            title=metric.title(language),
            meaning=metric.meaning(language),
            category=metric.category,
            unit=metric.unit,
        )

    def _people(self, query: Query, vantage: Vantage) -> dict[tuple[int | None, date], list[Value]]:
        found: dict[tuple[int | None, date], list[Value]] = {}
        for value in values(self.store, self.catalog, query, vantage):
            found.setdefault((value.manager_id, value.period), []).append(value)
        return found

    def _shown(
        self, people: Mapping[tuple[int | None, date], Sequence[Value]]
    ) -> list[tuple[int, str]]:
        """Who worked in these months, is named in the settings, or of whom nothing can be known."""
        with self.store.read() as tx:
            query = select(_MANAGER.c.id).where(_MANAGER.c.listed)
            listed = set(tx.execute(query).scalars())
        shown: dict[int, str] = {}
        for (person, _), found in people.items():
            if person is not None and (person in listed or _worked(found)):
                shown[person] = found[0].manager or ""
        return list(shown.items())

    def _row(
        self,
        person: int | None,
        name: str,
        cells: Mapping[tuple[int | None, date], Mapping[str, Cell]],
        this: Span,
        before: Span,
    ) -> Row:
        blank = dict.fromkeys(self.catalog.board_names, UNKNOWN)
        return Row(
            manager_id=person,
            name=name,
            now=cells.get((person, this.first), blank),
            before=cells.get((person, before.first), blank),
        )

    def _pace(self, this: Span, before: Span, today: date, vantage: Vantage) -> dict[str, Pace]:
        metrics = tuple(
            name
            for name in CARDS
            if name in self.catalog.metrics
            and isinstance(self.catalog.metrics[name].kind, Additive)
        )
        if not metrics:
            return {}
        until = min(this.last, today)
        days = self._team(before.first, until, "day", metrics, vantage)
        to_day = min(before.first + (until - this.first), before.last)
        whole = self._team(before.first, to_day, "total", metrics, vantage)
        return {
            metric: Pace(
                now=[_number(each) for each in days[metric] if each.period >= this.first],
                before=[_number(each) for each in days[metric] if each.period < this.first],
                before_to_day=_cell(whole[metric][0], vantage),
            )
            for metric in metrics
        }

    def _team(
        self, since: date, until: date, by: str, metrics: tuple[str, ...], vantage: Vantage
    ) -> dict[str, list[Value]]:
        query = Query(
            since=since,
            until=until,
            by="day" if by == "day" else "total",
            manager_ids=(TEAM,),
            metrics=metrics,
        )
        found: dict[str, list[Value]] = {}
        for value in values(self.store, self.catalog, query, vantage):
            found.setdefault(value.metric, []).append(value)
        return found

    def _sources(self, vantage: Vantage) -> list[SourceAge]:
        with self.store.read() as tx:
            states = load_streams(tx)
        ages = []
        for name, (streams, poll) in vantage.configured.items():
            read = [states.get((name, stream)) for stream in streams]
            read = [each for each in read if each is None or not each.is_absent]
            marks = [each.watermark if each else None for each in read]
            known = [mark for mark in marks if mark is not None]
            as_of = min(known) if known and len(known) == len(marks) else None
            late = as_of is not None and vantage.now - as_of > max(POLLS * poll, LEAST_SLACK)
            reason = next((each.error for each in read if each and each.error), "")
            ages.append(SourceAge(name=name, as_of=as_of, stale=late, reason=reason or ""))
        return ages

    def _section(self, part: Part) -> Section:
        declared = self.catalog.find(part.metric)
        return Section(
            column=self._column(declared),
            total=Decimal(str(part.total)),
            records=[_evidence(record) for record in part.records[:MOST_RECORDS]],
            count=len(part.records),
        )


def _worked(found: Iterable[Value]) -> bool:
    counts = [value.n for value in found]
    return any(counts) or all(count is None for count in counts)


def _cells(found: Iterable[Value], vantage: Vantage) -> dict[str, Cell]:
    return {value.metric: _cell(value, vantage) for value in found}


def _cell(value: Value, vantage: Vantage) -> Cell:
    parts = None
    if value.numerator is not None and value.denominator is not None:
        parts = Decimal(str(value.numerator)), Decimal(str(value.denominator))
    return Cell(
        value=_exact(value, parts),
        state=value.state,
        covered_at=_covered(value, vantage) if value.state == "partial" else None,
        parts=parts,
    )


def _exact(value: Value, parts: tuple[Decimal, Decimal] | None) -> Decimal | None:
    """A ratio comes rounded to four decimals; rounded again as percent it could be wrong."""
    if value.unit == RATIO and value.value is not None and parts is not None and parts[1]:
        return parts[0] / parts[1]
    return _number(value)


def _covered(value: Value, vantage: Vantage) -> datetime | None:
    """Up to when the slowest stream was read, if that is what makes the number partial."""
    marks = [datetime.fromisoformat(mark) for mark in value.coverage.values() if mark]
    slack = max([LEAST_SLACK, *(POLLS * poll for _, poll in vantage.configured.values())])
    late = min(marks, default=vantage.now)
    return late if vantage.now - late > slack else None


def _number(value: Value) -> Decimal | None:
    return None if value.value is None else Decimal(str(value.value))


def _evidence(record: Record) -> Evidence:
    return Evidence(
        at=record.at,
        fact=record.fact,
        ref=record.ref,
        amount=None if record.contribution is None else Decimal(str(record.contribution)),
        url=record.link,
    )
