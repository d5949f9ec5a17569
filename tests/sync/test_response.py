"""How soon leads are answered, by the definition, in whatever order streams come or change."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from config.settings import CalendarSection
from config.work_calendar import calendar_of, calendar_text
from store import conversion, directory, response
from store import record as stored_record
from store.fact import (
    CallLeg,
    Deal,
    DealState,
    Direction,
    Email,
    EmailKind,
    Lead,
    Meeting,
    MeetingState,
)
from store.mark import REBUILD, clear_mark, read_mark
from store.moment import to_ms
from store.store import Store
from store.table import DEAL, EMAIL, LEAD, MEETING
from sync.commit import Commit
from sync.recredit import settle
from sync.source import Source
from tests.store.quick import open_quick_store
from tests.store.row import stored
from tests.sync.ledger import empty
from tests.sync.scripted import Remote, source

THURSDAY = datetime(2026, 10, 1, 6, tzinfo=UTC)
"""Nine o'clock in Moscow."""

HOUR = 3600
TABLES = ("lead_journal", "lead", "deal", "email", "meeting", "call_leg", "call", "owner_change",
          "mark", "deal_journal", "email_journal", "meeting_journal", "call_journal")  # fmt: skip
Answer = tuple[int | None, int | None]


@pytest.fixture(scope="module")
def quick() -> Iterator[Store]:
    store = open_quick_store()
    yield store
    store.close()


def at(seconds: float) -> datetime:
    """So much after nine o'clock on Thursday."""
    return THURSDAY + timedelta(seconds=seconds)


@dataclass
class Office:
    """What the CRM has, and the store that is told of it."""

    store: Store
    journal: bool = True
    facts: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        empty(self.store, TABLES)

    def keep(self, *facts: Any) -> None:
        """One page, all in one transaction."""
        with self.store.write() as tx:
            self._commit(tx).put(tx, facts)
        self.facts |= {(type(each).__name__, each.ref): each for each in facts}

    def remove(self, kind: str, ref: str) -> None:
        """What a sweep does with a record that is gone."""
        if self.facts.pop((kind, ref), None) is None:
            return
        table = {"Deal": DEAL, "Lead": LEAD, "Email": EMAIL, "Meeting": MEETING}[kind]
        with self.store.write() as tx:
            commit = self._commit(tx)
            number, calendar = commit.source_id, commit.credit.calendar
            stored_record.remove(tx, table, number, [ref], at(0))
            leads = conversion.origins(tx, number, [ref]).leads if table is DEAL else set()
            if table in (EMAIL, MEETING):
                leads = response.leads_of(tx, number, response.abouts(tx, number, [ref]))
            response.settle_responses(tx, number, leads, calendar, journal=True)

    def _commit(self, tx: Connection) -> Commit:
        number = directory.source_id(tx, "main")
        credit = settle(tx, source(self.store, Remote()).settings)
        return Commit(source_id=number, credit=credit, journal=self.journal)

    def kept(self) -> dict[str, Answer]:
        """What is stored of every lead that exists."""
        with self.store.read() as tx:
            query = "SELECT ref, response_s, response_work_s FROM lead WHERE removed_at IS NULL"
            return {ref: (clock, work) for ref, clock, work in tx.exec_driver_sql(query)}

    def expected(self, zone: str = "Europe/Moscow", **own: Any) -> dict[str, Answer]:
        """The definition and nothing else."""
        place = source(self.store, Remote(), zone=zone).settings.merilo.zone
        calendar = calendar_of(calendar_text(CalendarSection(**own)), place)
        found: dict[str, Answer] = {}
        for kind, ref in list(self.facts):
            if kind == "Lead":
                lead = self.facts[kind, ref]
                acts = [act for act in self._acts(lead) if act >= lead.created_at]
                found[ref] = (None, None)
                if acts:
                    clock = int((min(acts) - lead.created_at).total_seconds())
                    span = to_ms(lead.created_at), to_ms(min(acts))
                    found[ref] = clock, calendar.work_ms(*span) // 1000
        return found

    def _acts(self, lead: Lead) -> Iterator[datetime]:
        deals = (each for (kind, _), each in self.facts.items() if kind == "Deal")
        about = {f"deal:{each.ref}" for each in deals if each.lead_ref == lead.ref}
        about.add(f"lead:{lead.ref}")
        for (kind, _), each in self.facts.items():
            if kind == "CallLeg":
                if each.client_ref != f"lead:{lead.ref}" or not each.user_ref:
                    continue
                if each.talk_s:
                    yield max(each.started_at, lead.created_at)
                elif each.direction is Direction.OUT:
                    yield each.started_at
            elif kind == "Meeting" and each.about_ref in about:
                yield from [each.begun_at] * (each.state is MeetingState.HELD)
            elif kind == "Email" and each.about_ref in about:
                is_ours = each.direction is Direction.OUT and each.kind is EmailKind.PERSONAL
                yield from [each.begun_at] * is_ours

    def journalled(self) -> Counter[Any]:
        """What the journal says changed."""
        found: Counter[Any] = Counter()
        for _seq, sign, *image in stored(self.store, "lead_journal"):
            found[_counted(image)] += sign
        return Counter({image: count for image, count in found.items() if count})

    def agree(self) -> None:
        """The leads say what the definition says, and the journal is what changed."""
        assert self.kept() == self.expected()
        if self.journal:
            assert self.journalled() == Counter(map(_counted, stored(self.store, "lead")))


def _counted(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row without the vendor's mark of its version, which may change unjournalled."""
    place = LEAD.columns.keys().index("updated_at")
    return (*row[:place], *row[place + 1 :])


def lead(ref: str = "1", created: float = 0, version: int = 0) -> Lead:
    """A lead of Thursday."""
    return Lead(
        ref=ref,
        stage_ref="NEW",
        state=DealState.OPEN,
        owner_ref="7",
        created_at=at(created),
        updated_at=at(version),
    )


def letter(begun: float, ref: str = "1", version: int = 0, **more: Any) -> Email:
    """A letter sent about the lead 1, unless told otherwise."""
    given: dict[str, Any] = {
        "direction": Direction.OUT,
        "kind": EmailKind.PERSONAL,
        "about_ref": "lead:1",
    }
    return Email(ref=ref, owner_ref="7", begun_at=at(begun), updated_at=at(version), **given | more)


def meeting(
    begun: float, ref: str = "1", version: int = 0, about: str | None = "lead:1",
    state: MeetingState = MeetingState.HELD,
) -> Meeting:  # fmt: skip
    """A meeting held about the lead 1, unless told otherwise."""
    return Meeting(
        ref=ref,
        state=state,
        owner_ref="7",
        begun_at=at(begun),
        updated_at=at(version),
        about_ref=about,
    )


def leg(begun: float, ref: str = "1", **more: Any) -> CallLeg:
    """A call made to the client of the lead 1, unless told otherwise."""
    given: dict[str, Any] = {
        "call_ref": f"call {ref}",
        "user_ref": "7",
        "direction": Direction.OUT,
        "talk_s": 0,
        "client_ref": "lead:1",
    }
    return CallLeg(
        ref=ref,
        started_at=at(begun),
        outcome="",
        client_hash=None,
        client_last4=None,
        **given | more,
    )


def deal(ref: str, lead_ref: str | None, version: int = 0) -> Deal:
    """A deal, perhaps made from a lead."""
    return Deal(
        ref=ref,
        pipeline_ref="0",
        stage_ref="NEW",
        state=DealState.OPEN,
        amount=100,
        currency="RUB",
        owner_ref="7",
        client_ref=None,
        created_at=at(0),
        updated_at=at(version),
        closed_at=None,
        lead_ref=lead_ref,
    )


@pytest.mark.parametrize(
    ("fact", "seconds"),
    [
        (leg(600), 600),  # in vain
        (leg(600, talk_s=30), 600),
        (leg(-90, talk_s=60), 0),  # the talk of which the lead came
        (leg(-90), None),
        (leg(600, direction=Direction.IN), None),  # the client rang, nobody came
        (leg(600, direction=Direction.IN, talk_s=9), 600),
        (leg(600, user_ref=None, talk_s=9), None),  # a machine
        (leg(600, client_ref="contact:1"), None),
        (letter(900), 900),
        (letter(-5), None),
        (letter(900, direction=Direction.IN), None),
        (letter(900, kind=EmailKind.AUTOMATIC), None),
        (letter(900, kind=EmailKind.UNSENT), None),
        (letter(900, about_ref="lead:2"), None),
        (letter(900, about_ref=None), None),
        (meeting(7200), 7200),
        (meeting(7200, state=MeetingState.PLANNED), None),
        (meeting(7200, state=MeetingState.NONE), None),
    ],
)
def test_what_is_an_action_and_what_is_none(quick: Store, fact: Any, seconds: int | None) -> None:
    for facts in ((lead(), fact), (fact, lead())):
        office = Office(quick)
        for each in facts:
            office.keep(each)
        assert office.kept() == {"1": (seconds, seconds)}


def test_the_first_action_counts_and_the_next_one_when_that_is_gone(quick: Store) -> None:
    office = Office(quick)
    office.keep(lead(), letter(900), leg(600), meeting(300))
    assert office.kept()["1"][0] == 300
    office.remove("Meeting", "1")
    assert office.kept()["1"][0] == 600
    office.keep(leg(600, client_ref="contact:5"))
    assert office.kept()["1"][0] == 900
    office.remove("Email", "1")
    assert office.kept()["1"] == (None, None)
    office.agree()


def test_what_was_handed_over_to_the_deal_still_answers_the_lead(quick: Store) -> None:
    office = Office(quick)
    office.keep(lead(), letter(900))
    office.keep(letter(900, version=60, about_ref="deal:5"))
    assert office.kept()["1"] == (None, None)
    office.keep(deal("5", "1"))
    assert office.kept()["1"] == (900, 900)
    office.remove("Deal", "5")
    assert office.kept()["1"] == (None, None)


def test_a_lead_of_the_night_waits_from_the_morning(quick: Store) -> None:
    office = Office(quick)
    office.keep(lead(created=14 * HOUR), leg(24 * HOUR + 600))
    assert office.kept()["1"] == (10 * HOUR + 600, 600)


def moved(store: Store, **settings: Any) -> bool:
    """Settles by other settings; whether the KPIs are to be counted anew."""
    place: Source = source(store, Remote(), zone=settings.pop("zone", "Europe/Moscow"))
    calendar = CalendarSection(**settings)
    with store.write() as tx:
        clear_mark(tx, REBUILD)
        settle(tx, place.settings.model_copy(update={"calendar": calendar}))
        return read_mark(tx, REBUILD) is not None


def test_another_calendar_or_zone_counts_the_working_hours_anew(quick: Store) -> None:
    office = Office(quick)
    office.keep(lead(created=8 * HOUR), leg(25 * HOUR), lead("2"))
    first = office.kept()
    assert first == {"1": (17 * HOUR, 2 * HOUR), "2": (None, None)}
    assert not moved(quick)
    for change in (
        {"hours": "12:00-20:00"},
        {"days_off": (at(0).date(),)},
        {"zone": "Asia/Vladivostok"},
    ):
        assert moved(quick, **change), change
        assert office.kept() == office.expected(**change), change
        assert office.kept() != first
        assert moved(quick)
        assert office.kept() == first


def test_a_change_of_calendar_that_changes_nothing_rebuilds_nothing(quick: Store) -> None:
    office = Office(quick)
    office.keep(lead(), leg(600))
    assert not moved(quick, days_off=("2026-12-30",))
    assert office.kept() == {"1": (600, 600)}


TIMES = st.sampled_from([-90, 0, 30, 600, 10 * HOUR, 30 * HOUR, 96 * HOUR])
ABOUT = st.sampled_from(["lead:1", "lead:2", "deal:1", "deal:2", "contact:1", None])
REFS = st.sampled_from("12")
STEPS = st.one_of(
    st.tuples(st.just(lead), REFS, st.sampled_from([0, 12 * HOUR])),
    st.tuples(st.just(deal), REFS, st.sampled_from(["1", "2", None])),
    st.tuples(
        st.just(letter), TIMES, REFS, st.sampled_from(Direction), st.sampled_from(EmailKind), ABOUT
    ),
    st.tuples(st.just(meeting), TIMES, REFS, st.sampled_from(MeetingState), ABOUT),
    st.tuples(
        st.just(leg), TIMES, REFS, st.sampled_from("ab"), st.sampled_from(["7", None]),
        st.sampled_from(Direction), st.sampled_from([0, 40]), ABOUT,
    ),
    st.tuples(st.just("remove"), st.sampled_from(["Lead", "Deal", "Email", "Meeting"]), REFS),
)  # fmt: skip


def tell(office: Office, version: int, step: tuple[Any, ...]) -> None:
    """One change, as a page of its stream."""
    make, *values = step
    if make is lead:
        office.keep(lead(*values, version=version))
    elif make is deal:
        office.keep(deal(*values, version=version))
    elif make is letter:
        begun, ref, direction, kind, about = values
        office.keep(letter(begun, ref, version, direction=direction, kind=kind, about_ref=about))
    elif make is meeting:
        begun, ref, state, about = values
        office.keep(meeting(begun, ref, version, about, state))
    elif make is leg:
        begun, ref, call, user, direction, talk_s, about = values
        more = {"call_ref": call, "user_ref": user, "direction": direction}
        office.keep(leg(begun, ref, talk_s=talk_s, client_ref=about, **more))
    else:
        office.remove(*values)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=12), journal=st.booleans())
def test_in_any_order_and_after_any_change_the_leads_say_what_the_definition_says(
    quick: Store, steps: list[tuple[Any, ...]], journal: bool
) -> None:
    office = Office(quick, journal)
    for number, step in enumerate(steps):
        tell(office, 100 + number, step)
        if journal or step[0] != "remove":
            assert office.kept() == office.expected()
    if journal:
        office.agree()


def test_every_database_says_the_same(store: Store) -> None:
    office = Office(store)
    office.keep(deal("5", "1"), letter(900, about_ref="deal:5"), leg(1200), meeting(600))
    office.keep(lead(), lead("2"))
    assert office.kept() == {"1": (600, 600), "2": (None, None)}
    office.remove("Meeting", "1")
    assert office.kept()["1"] == (900, 900)
    office.agree()
    assert moved(store, hours="09:10-18:00")
    assert office.kept()["1"] == (900, 300)
