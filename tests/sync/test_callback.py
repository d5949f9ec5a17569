"""How long missed callers waited, by the definition, in whatever order calls come or change."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import CalendarSection
from config.work_calendar import calendar_of, calendar_text
from store import directory
from store.fact import CallLeg, Direction
from store.mark import REBUILD, read_mark
from store.moment import to_ms
from store.store import Store
from store.table import TEAM
from sync.commit import Commit
from sync.recredit import settle
from tests.store.row import stored
from tests.sync.ledger import empty
from tests.sync.scripted import START, Remote, source
from tests.sync.staffed import ANNA, BORIS, staffed_store

DAY_S = 86_400
TABLES = ("call_journal", "call", "call_leg", "mark")


@pytest.fixture(scope="module")
def quick() -> Iterator[Store]:
    with staffed_store("main", "pbx") as store:
        yield store


def leg(ref: str, at_s: int, **more: Any) -> CallLeg:
    """An incoming missed call of one leg, unless told otherwise."""
    given: dict[str, Any] = {
        "call_ref": f"call {ref}",
        "user_ref": ANNA,
        "direction": Direction.IN,
        "talk_s": 0,
        "client_hash": "one",
    }
    return CallLeg(
        ref=ref,
        started_at=START + timedelta(seconds=at_s),
        outcome="",
        client_last4=None,
        client_ref=None,
        **given | more,
    )


@dataclass
class Exchange:
    """Two telephone exchanges and the store that is told of their calls."""

    store: Store
    journal: bool = True
    legs: dict[tuple[str, str], CallLeg] = field(default_factory=dict)

    def __post_init__(self) -> None:
        empty(self.store, TABLES)

    def keep(self, *legs: CallLeg, place: str = "main") -> None:
        """One page of an exchange."""
        with self.store.write() as tx:
            credit = settle(tx, source(self.store, Remote()).settings)
            number = directory.source_id(tx, place)
            Commit(source_id=number, credit=credit, journal=self.journal).put(tx, legs)
        self.legs |= {(place, each.ref): each for each in legs}

    def kept(self) -> dict[tuple[str, str], set[int | None]]:
        """What the rows of every call say, by exchange and call."""
        with self.store.read() as tx:
            query = "SELECT s.name, c.ref, callback_s FROM call c JOIN source s ON s.id = source_id"
            found: dict[tuple[str, str], set[int | None]] = {}
            for place, ref, wait in tx.exec_driver_sql(query):
                found.setdefault((place, ref), set()).add(wait)
            return found

    def expected(self) -> dict[tuple[str, str], set[int | None]]:
        """The definition and nothing else."""
        calls: dict[tuple[str, str], list[CallLeg]] = {}
        for (place, _), each in self.legs.items():
            calls.setdefault((place, each.call_ref), []).append(each)
        heard = {key: _Heard.of(key, legs) for key, legs in calls.items()}
        found: dict[tuple[str, str], set[int | None]] = {key: {None} for key in calls}
        longest: dict[tuple[str, str], int] = {}
        for key, missed in heard.items():
            talks = [each for each in heard.values() if each.ends(missed)]
            first = min(talks, key=lambda each: (each.began, *each.key[::-1]), default=None)
            if missed.is_missed and first is not None and first.after(missed) <= DAY_S:
                found[key] = {first.after(missed)}
                longest[first.key] = max(first.after(missed), longest.get(first.key, 0))
        return found | {key: {wait} for key, wait in longest.items()}

    def journalled(self) -> Counter[Any]:
        """What the journal says changed."""
        found: Counter[Any] = Counter()
        for _seq, sign, *image in stored(self.store, "call_journal"):
            found[tuple(image)] += sign
        return Counter({image: count for image, count in found.items() if count})

    def agree(self) -> None:
        """The calls say what the definition says, and the journal is what changed."""
        assert self.kept() == self.expected()
        if self.journal:
            assert self.journalled() == Counter(stored(self.store, "call"))


@dataclass(frozen=True)
class _Heard:
    key: tuple[str, str]
    number: str | None
    began: datetime
    ended: datetime
    is_missed: bool
    talked: bool

    @classmethod
    def of(cls, key: tuple[str, str], legs: list[CallLeg]) -> "_Heard":
        first = min(legs, key=lambda each: (each.started_at, len(each.ref), each.ref))
        talked = any(each.talk_s for each in legs)
        lasts = (timedelta(seconds=max(each.lasted_s, each.talk_s)) for each in legs)
        ended = max(each.started_at + last for each, last in zip(legs, lasts, strict=True))
        ended = min(ended, first.started_at + timedelta(seconds=DAY_S))  # none lasts longer
        is_missed = not talked and first.direction is Direction.IN
        return cls(key, first.client_hash, first.started_at, ended, is_missed, talked)

    def ends(self, missed: "_Heard") -> bool:
        same = self.number is not None and self.number == missed.number
        return same and self.talked and self.began >= missed.ended

    def after(self, missed: "_Heard") -> int:
        return int((self.began - missed.ended).total_seconds())


def test_a_call_back_ends_the_wait_of_every_missed_call_and_tells_the_longest(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0), leg("2", 600), leg("3", 900, direction=Direction.OUT))
    one.keep(leg("4", 1000, direction=Direction.OUT, talk_s=60, user_ref=BORIS))
    waits = {ref: wait for (_, ref), wait in one.kept().items()}
    assert waits == {"call 1": {1000}, "call 2": {400}, "call 3": {None}, "call 4": {1000}}
    one.agree()


@pytest.mark.parametrize(("after", "wait"), [(DAY_S, DAY_S), (DAY_S + 1, None)])
def test_a_day_later_is_still_a_call_back_and_a_second_more_is_not(
    quick: Store, after: int, wait: int | None
) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, lasted_s=30), leg("2", 30 + after, talk_s=5))
    assert one.kept() == {("main", "call 1"): {wait}, ("main", "call 2"): {wait}}


def test_the_wait_begins_when_the_missed_call_ends_whoever_was_rung_last(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0), leg("2", 20, call_ref="call 1", user_ref=BORIS, lasted_s=15))
    one.keep(leg("3", 135, talk_s=5))
    assert one.kept()["main", "call 3"] == {100}


def test_of_a_wait_the_night_is_no_working_time(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, lasted_s=60), leg("2", 60 + 20 * 3600, talk_s=5))
    with quick.read() as tx:
        query = "SELECT DISTINCT callback_s, callback_work_s FROM call"
        ((clock_s, work_s),) = tx.exec_driver_sql(query)
    begin, end = to_ms(START) + 60_000, to_ms(START) + 60_000 + 20 * 3_600_000
    section = source(quick, Remote()).settings.calendar
    calendar = calendar_of(calendar_text(section), ZoneInfo("Europe/Moscow"))
    assert clock_s == 20 * 3600
    assert 0 < work_s < clock_s
    assert work_s == calendar.work_ms(begin, end) // 1000


def test_other_working_hours_time_the_waits_anew(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, lasted_s=60), leg("2", 60 + 20 * 3600, talk_s=5))
    settings = source(quick, Remote()).settings
    longer = settings.model_copy(update={"calendar": CalendarSection(hours="00:00-23:59")})
    query = "SELECT DISTINCT callback_work_s FROM call"
    with quick.write() as tx:
        (before,) = tx.exec_driver_sql(query).scalars()
        assert read_mark(tx, REBUILD) is None
        settle(tx, longer)
        (after,) = tx.exec_driver_sql(query).scalars()
        assert after > before
        assert read_mark(tx, REBUILD) is not None, "what is counted of waits is counted anew"
        settle(tx, settings)
        assert list(tx.exec_driver_sql(query).scalars()) == [before]


def test_the_same_hours_of_another_zone_time_the_waits_anew(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, lasted_s=60), leg("2", 60 + 20 * 3600, talk_s=5))
    here = source(quick, Remote()).settings
    there = source(quick, Remote(), zone="Asia/Almaty").settings
    days, waits = "SELECT ref, day FROM call", "SELECT DISTINCT callback_work_s FROM call"
    begin, end = to_ms(START) + 60_000, to_ms(START) + 60_000 + 20 * 3_600_000
    with quick.write() as tx:
        before = set(tx.exec_driver_sql(days))
        for each in (there, here):
            settle(tx, each)
            calendar = calendar_of(calendar_text(each.calendar), each.merilo.zone)
            assert list(tx.exec_driver_sql(waits).scalars()) == [
                calendar.work_ms(begin, end) // 1000
            ]
            assert set(tx.exec_driver_sql(days)) == before, "no row is written anew"


def test_a_hidden_number_is_nobodys(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, client_hash=None), leg("2", 60, talk_s=5, client_hash=None))
    assert set().union(*one.kept().values()) == {None}


def test_a_call_missed_at_one_exchange_is_returned_from_another(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0), place="pbx")
    one.keep(leg("1", 300, talk_s=5), place="main")
    assert one.kept() == {("pbx", "call 1"): {300}, ("main", "call 1"): {300}}
    one.agree()


def test_another_talk_found_in_between_takes_the_missed_calls_over(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0), leg("2", 5000, talk_s=5))
    one.keep(leg("3", 1000, talk_s=5))
    waits = {ref: wait for (_, ref), wait in one.kept().items()}
    assert waits == {"call 1": {1000}, "call 2": {None}, "call 3": {1000}}
    one.agree()


LEGS = st.lists(
    st.builds(
        leg,
        st.sampled_from("123456789"),
        st.one_of(st.integers(0, 5 * DAY_S), st.integers(0, 40), st.just(DAY_S)),
        call_ref=st.sampled_from(["a", "b", "c", "d", "e", "f", "g"]),
        direction=st.sampled_from(Direction),
        user_ref=st.sampled_from([ANNA, BORIS, "9", None]),
        talk_s=st.sampled_from([0, 0, 5, 70]),
        lasted_s=st.sampled_from([0, 0, 10, 90]),
        client_hash=st.sampled_from(["one", "one", "two", None]),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    pages=st.lists(st.tuples(st.sampled_from(["main", "main", "pbx"]), LEGS), max_size=7),
    journal=st.booleans(),
)
def test_in_any_order_and_after_any_change_the_calls_say_what_the_definition_says(
    quick: Store, pages: list[tuple[str, list[CallLeg]]], journal: bool
) -> None:
    one = Exchange(quick, journal)
    for place, legs in pages:
        one.keep(*{each.ref: each for each in legs}.values(), place=place)
        one.agree()
    if pages and not journal:
        with quick.read() as tx:
            assert read_mark(tx, REBUILD) is not None


def test_a_manager_who_talked_has_the_wait_and_one_who_did_not_has_none(quick: Store) -> None:
    one = Exchange(quick)
    one.keep(leg("1", 0, user_ref=None))
    one.keep(leg("2", 60), leg("3", 70, call_ref="call 2", user_ref=BORIS, talk_s=9))
    with quick.read() as tx:
        rows = tx.exec_driver_sql("SELECT manager_id, callback_s FROM call WHERE talk_s > 0")
        assert {who == TEAM: wait for who, wait in rows} == {True: 60, False: 60}
        assert len(one.kept()) == 2


def test_every_database_says_the_same(store: Store) -> None:
    one = Exchange(store)
    one.keep(leg("1", 0), leg("2", 600), leg("3", 1000, talk_s=60), leg("4", DAY_S))
    one.keep(leg("2", 600, talk_s=5), leg("4", DAY_S, client_hash="two"))
    waits = {ref: wait for (_, ref), wait in one.kept().items()}
    assert waits == {"call 1": {600}, "call 2": {600}, "call 3": {None}, "call 4": {None}}
    one.agree()
