"""Puts single rows of any fact into the store, as own rows are read from them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert

from kpi.catalog import Catalog
from kpi.coverage import Vantage
from kpi.explain import Explanation, explain
from kpi.need import STREAM_OF_FIELDS
from kpi.period import parse_period
from kpi.value import Query, Value, values
from store.call import CALL_LEG
from store.custom_value import note_read
from store.directory import Alias, put_funnels, replace_aliases
from store.fact import DealState, Stage
from store.moment import to_day
from store.table import CALL, DEAL, EMAIL, LEAD, MEETING, TEAM, StageChangeRow, table_of
from tests.kpi.books import MOSCOW, Books

CHANGE = table_of(StageChangeRow)
STREAMS = (
    "calls",
    "deals",
    "leads",
    "quotes",
    "activities",
    "emails",
    "stage_history",
    "contacts",
    "companies",
    "product_rows",
    "line_discounts",
)
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def at(text: str) -> datetime:
    """A moment of Moscow, 2026: `10-05` is noon, `10-05 13:30` as it says."""
    day, _, clock = text.partition(" ")
    local = datetime.fromisoformat(f"2026-{day} {clock or '12:00'}")
    return local.replace(tzinfo=ZoneInfo("Europe/Moscow")).astimezone(UTC)


class Shelf:
    """The facts of a test; `settings` as `Vantage` has them."""

    def __init__(self, books: Books, settings: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.books = books
        self.settings = {"main": settings or {}}
        self.number = 0
        books.read_up_to(NOW, streams=STREAMS)
        with books.store.write() as tx:
            for kind, stream in STREAM_OF_FIELDS.items():
                note_read(tx, books.source, stream, self._fields(kind))
            replace_aliases(tx, [Alias(books.source, str(n), 0, 99991231, n) for n in (1, 2, 3)])

    def _fields(self, kind: str) -> Mapping[str, str]:
        """Custom fields of a kind of record, our name to the vendor's."""
        head = f"fields.{kind}."
        settings = self.settings["main"].items()
        return {
            need.removeprefix(head): one for need, (one, *_) in settings if need.startswith(head)
        }

    @property
    def vantage(self) -> Vantage:
        """Everything is configured, and read to its end."""
        poll = timedelta(minutes=1)
        return Vantage({"main": (STREAMS, poll)}, MOSCOW, NOW, self.settings)

    def put(self, table: Table, **values: Any) -> None:
        """A row; what is not given is empty, or 0."""
        row = {each.name: None if each.nullable else _blank(each) for each in table.columns}
        with self.books.store.write() as tx:
            tx.execute(insert(table).values({**row, "source_id": self.books.source, **values}))

    def deal(
        self, ref: str, created: str, by: int = 1, *, won: str | None = None, **more: Any
    ) -> None:
        """A deal created, and maybe won, at these moments by one manager."""
        born = at(created)
        values = {"created_at": born, "updated_at": born, "created_day": to_day(born, MOSCOW)}
        if won is not None:
            end = at(won)
            values |= {"state": 1, "closed_at": end, "moved_at": end, "closed_by": by}
            values |= {"closed_day": to_day(end, MOSCOW), "stage_ref": "WON"}
        head: dict[str, Any] = {"pipeline_ref": "0", "stage_ref": "NEW", "currency": "RUB"}
        head |= {"owner_ref": str(by)}
        head |= {"created_by": by, "base_amount": 100_00}
        self.put(DEAL, ref=ref, **{**head, **values, **more})

    def put_old(self, client: str, year: int, day: str) -> None:
        """A deal of the client that was won in another year."""
        self.number += 1
        end = at(day).replace(year=year)
        self.deal(f"old{self.number}", "01-01", client_ref=client)
        moved = {"closed_at": end, "closed_day": to_day(end, MOSCOW), "closed_by": 1, "state": 1}
        with self.books.store.write() as tx:
            tx.execute(DEAL.update().where(DEAL.c.ref == f"old{self.number}").values(moved))

    def call(self, client: str, when: str, by: int = 1, *, talk: int = 200, way: int = 2) -> None:
        """A talk with a client: the leg, the row of who talked, and the team's."""
        self.number += 1
        ref, moment = f"c{self.number}", at(when)
        leg = f"l{self.number}"
        self.put(
            CALL_LEG, ref=leg, call_ref=ref, user_ref=str(by), direction=way, started_at=moment,
            talk_s=talk, outcome="answered", client_ref=client,
        )  # fmt: skip
        for who in (by, TEAM):
            self.put(
                CALL, ref=ref, manager_id=who, day=to_day(moment, MOSCOW), started_at=moment,
                direction=way, talk_s=talk, leg_ref=leg,
            )  # fmt: skip

    def letter(self, about: str, when: str, by: int = 1, *, way: int = 1) -> None:
        """A letter of a person about a record."""
        self.number += 1
        moment = at(when)
        self.put(
            EMAIL, ref=f"e{self.number}", direction=way, about_ref=about, begun_at=moment,
            day=to_day(moment, MOSCOW), credited_to=by, updated_at=moment,
        )  # fmt: skip

    def meeting(self, about: str, when: str, by: int = 1) -> None:
        """A meeting held about a record."""
        self.number += 1
        moment = at(when)
        self.put(
            MEETING, ref=f"m{self.number}", state=1, about_ref=about, begun_at=moment,
            day=to_day(moment, MOSCOW), credited_to=by, updated_at=moment,
        )  # fmt: skip

    def lead(self, ref: str, when: str, by: int = 1, stage: str = "NEW") -> None:
        """A lead."""
        moment = at(when)
        self.put(
            LEAD, ref=ref, stage_ref=stage, created_at=moment, updated_at=moment,
            created_day=to_day(moment, MOSCOW), created_by=by,
        )  # fmt: skip

    def funnel(self, *stages: str, ref: str = "0", won: str = "WON") -> None:
        """A funnel: its stages in order, one won, one lost."""
        states = [*((each, DealState.OPEN) for each in stages), (won, DealState.WON)]
        states.append(("LOSE", DealState.LOST))
        facts = [
            Stage(ref=each, pipeline_ref=ref, name=each, sort=10 * place, state=state)
            for place, (each, state) in enumerate(states)
        ]
        with self.books.store.write() as tx:
            put_funnels(tx, self.books.source, facts)

    def move(self, deal: str, stage: str, when: str, *, funnel: str = "0", state: int = 0) -> None:
        """A deal came into a stage."""
        self.number += 1
        self.put(
            CHANGE, kind="deal", ref=str(self.number), record_ref=deal, at=at(when),
            pipeline_ref=funnel, stage_ref=stage, state=state, step=2,
        )  # fmt: skip

    def ask(
        self, catalog: Catalog, metric: str, manager: int = 1, month: str = "2026-10"
    ) -> list[Value]:
        """The metric of a manager (0: the team) in a month."""
        span = parse_period(month)
        query = Query(
            since=span.first, until=span.last, by="month", manager_ids=(manager,), metrics=(metric,)
        )
        return values(self.books.store, catalog, query, self.vantage)

    def one(self, catalog: Catalog, metric: str, manager: int = 1, month: str = "2026-10") -> Any:
        """Its only value."""
        (found,) = self.ask(catalog, metric, manager, month)
        return found.value

    def told(
        self, catalog: Catalog, metric: str, manager: int = 1, month: str = "2026-10"
    ) -> Explanation:
        """The records behind it."""
        return explain(
            self.books.store, catalog, manager_id=manager, metric=metric,
            span=parse_period(month), vantage=self.vantage,
        )  # fmt: skip


def _blank(column: Any) -> Any:
    return "" if "String" in str(type(column.type)) else 0
