"""A conversation that a CRM and a telephone system both tell of counts once, and who missed it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from store import directory
from store.fact import CallLeg, Direction, Seen
from store.store import Store
from store.stream import StreamState, save_stream
from store.table import TEAM
from sync.commit import Commit
from sync.comparison import compare_calls
from sync.recredit import settle
from tests.store.row import stored
from tests.sync.ledger import empty
from tests.sync.scripted import START, Remote, source
from tests.sync.staffed import ANNA, BORIS, staffed_store

TABLES = ("call_journal", "call", "call_leg", "mark", "stream")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def quick() -> Iterator[Store]:
    with staffed_store("main", "amo", "pbx") as store:
        with store.write() as tx:
            directory.mark_telephony(tx, ["pbx"])
        yield store


@pytest.fixture
def desk(quick: Store) -> "Desk":
    return Desk(quick)


def leg(ref: str, at_s: int = 0, **more: Any) -> CallLeg:
    """A talk of Anna with one client, who rang; of one leg."""
    given: dict[str, Any] = {
        "call_ref": f"call {ref}",
        "user_ref": ANNA,
        "direction": Direction.IN,
        "talk_s": 60,
        "lasted_s": 70,
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


class Desk:
    """A CRM, another one and a telephone system, and the store that is told of their calls."""

    def __init__(self, store: Store) -> None:
        self.store = store
        empty(store, TABLES)

    def keep(self, place: str, *legs: CallLeg) -> None:
        """One page of a source."""
        with self.store.write() as tx:
            credit = settle(tx, source(self.store, Remote()).settings)
            number = directory.source_id(tx, place)
            Commit(source_id=number, credit=credit, journal=True).put(tx, legs)

    def read_to(self, place: str, hours: float) -> None:
        """The stream of calls has told everything up to so long after the beginning."""
        with self.store.write() as tx:
            state = StreamState(
                source_id=directory.source_id(tx, place),
                name="calls",
                since=START - HOUR,
                watermark=START + hours * HOUR,
            )
            save_stream(tx, state)

    def compare(self) -> int:
        return compare_calls(self.store, ("main", "amo", "pbx"))

    def seen(self) -> dict[str, Seen]:
        """Who saw each call; all rows of a call must say the same."""
        found: dict[str, set[int]] = {}
        with self.store.read() as tx:
            for ref, seen in tx.exec_driver_sql("SELECT ref, seen FROM call"):
                found.setdefault(ref.removeprefix("call "), set()).add(seen)
        assert all(len(each) == 1 for each in found.values())
        return {ref: Seen(each.pop()) for ref, each in found.items()}

    def rows(self) -> Sequence[Any]:
        return sorted(stored(self.store, "call"), key=repr)

    def journalled(self) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for _seq, sign, *image in stored(self.store, "call_journal"):
            found[tuple(image)] += sign
        return Counter({image: count for image, count in found.items() if count})


@pytest.mark.parametrize("first", ["main", "pbx"])
def test_a_call_of_both_counts_once_whichever_tells_first(desk: Desk, first: str) -> None:
    legs = {"main": leg("1", 5), "pbx": leg("a", 0)}
    for place in (first, *({*legs} - {first})):
        desk.keep(place, legs[place])
    assert desk.seen() == {"1": Seen.COPY, "a": Seen.BOTH}


@pytest.mark.parametrize(
    ("change", "is_copy"),
    [
        pytest.param({"at_s": -60}, True, id="a minute before the ring"),
        pytest.param({"at_s": -61}, False, id="before that"),
        pytest.param({"at_s": 250}, True, id="three minutes after the end"),
        pytest.param({"at_s": 251}, False, id="after that"),
        pytest.param({"client_hash": "two"}, False, id="another number"),
        pytest.param({"client_hash": None}, False, id="a hidden number"),
        pytest.param({"direction": Direction.OUT}, False, id="the other way"),
        pytest.param({"user_ref": BORIS}, False, id="another person"),
        pytest.param({"user_ref": None}, True, id="a person nobody knows"),
    ],
)
def test_what_makes_two_calls_one(desk: Desk, change: dict[str, Any], is_copy: bool) -> None:
    desk.keep("pbx", leg("a"))
    desk.keep("main", leg("1", **change))
    assert (desk.seen()["1"] is Seen.COPY) == is_copy


def test_the_id_that_the_crm_was_told_wins_over_any_likeness(desk: Desk) -> None:
    desk.keep("pbx", leg("a", 0), leg("b", 30))
    desk.keep("main", leg("1", 0, outer_ref="b"), leg("2", 3_000, outer_ref="call a"))
    assert set(desk.seen().values()) == {Seen.BOTH, Seen.COPY}
    twins = {row[1]: row[20] for row in desk.rows() if row[2] == TEAM}
    assert (twins["call 1"], twins["call 2"]) == ("b", "a")


def test_each_call_of_the_exchange_has_one_copy_in_a_crm_and_one_in_each(desk: Desk) -> None:
    desk.keep("pbx", leg("a", 0))
    desk.keep("main", leg("1", 4), leg("2", 9))
    desk.keep("amo", leg("3", 20))
    assert desk.seen() == {"a": Seen.BOTH, "1": Seen.COPY, "2": Seen.OPEN, "3": Seen.COPY}


def test_a_neighbour_of_a_copy_changes_nothing_of_a_call_with_another_number(desk: Desk) -> None:
    desk.keep("pbx", leg("d"))
    desk.keep("main", leg("a", 5))
    desk.keep("amo", leg("1", client_hash="two", outer_ref="d"))
    before = [row for row in desk.rows() if row[1] == "call d"]
    desk.keep("main", leg("x", client_hash="two", direction=Direction.OUT))
    assert [row for row in desk.rows() if row[1] == "call d"] == before


def test_a_note_for_every_leg_is_one_copy(desk: Desk) -> None:
    legs = [leg(f"a{n}", n * 40, call_ref="call a", user_ref=who) for n, who in enumerate("78")]
    desk.keep("pbx", *legs)
    desk.keep("amo", leg("1", 0, outer_ref="a0"), leg("2", 40, outer_ref="a1", user_ref=BORIS))
    assert desk.seen() == {"a": Seen.BOTH, "1": Seen.COPY, "2": Seen.COPY}


@pytest.mark.parametrize("first", ["amo", "pbx"])
def test_the_id_of_a_row_that_is_no_leg_of_its_own_is_known_too(desk: Desk, first: str) -> None:
    """MikoPBX tells CRMs of the id of a row: the leg is folded from several."""
    legs = {
        "amo": leg("1", 9_000, client_hash=None, outer_ref="row 7"),
        "pbx": leg("a", outer_ref="row 7"),
    }
    for place in (first, *({*legs} - {first})):
        desk.keep(place, legs[place])
    assert desk.seen() == {"a": Seen.BOTH, "1": Seen.COPY}
    desk.keep("pbx", leg("a", outer_ref="row 8"))
    assert desk.seen() == {"a": Seen.OPEN, "1": Seen.OPEN}


def test_a_call_that_moved_lets_its_copy_go(desk: Desk) -> None:
    desk.keep("pbx", leg("a"))
    desk.keep("main", leg("1"))
    desk.keep("pbx", leg("a", client_hash="two"))
    assert desk.seen() == {"a": Seen.OPEN, "1": Seen.OPEN}


def test_what_only_one_tells_of_is_known_a_day_later(desk: Desk) -> None:
    desk.keep("pbx", leg("a"), leg("b", 3_000), leg("young", 40_000))
    desk.keep("main", leg("1"), leg("2", 9_000))
    desk.read_to("pbx", 30)
    assert desk.compare() == 0, "the CRM has told nothing yet"
    desk.read_to("main", 31)
    assert desk.compare() == 2
    expected = {
        "a": Seen.BOTH,
        "b": Seen.PBX_ONLY,
        "young": Seen.OPEN,
        "1": Seen.COPY,
        "2": Seen.CRM_ONLY,
    }
    assert desk.seen() == expected
    assert desk.compare() == 0
    desk.keep("main", leg("late", 3_010))
    assert desk.seen() == expected | {"b": Seen.BOTH, "late": Seen.COPY}
    desk.keep("main", leg("later", 12_000))
    assert desk.seen()["later"] is Seen.CRM_ONLY
    assert desk.journalled() == Counter(desk.rows())


def test_without_a_telephone_system_nobody_compares(desk: Desk) -> None:
    desk.keep("main", leg("1"))
    desk.keep("amo", leg("2"))
    for place in ("main", "amo"):
        desk.read_to(place, 100)
    assert desk.compare() == 0
    assert desk.seen() == {"1": Seen.OPEN, "2": Seen.OPEN}


def test_a_missed_call_that_both_tell_of_waits_once(desk: Desk) -> None:
    missed, later = {"talk_s": 0, "lasted_s": 20}, {"direction": Direction.OUT}
    desk.keep("main", leg("1", 2, **missed), leg("2", 600, **later))
    desk.keep("pbx", leg("a", 0, **missed), leg("b", 601, **later))
    waits = {row[1]: row[16] for row in desk.rows() if row[2] == TEAM}
    assert waits == {"call 1": None, "call 2": None, "call a": 581, "call b": 581}


LEGS = st.builds(
    lambda ref, at, number, who, way, talk, outer: (
        ref,
        {"at_s": at, "client_hash": number, "user_ref": who, "direction": way, "talk_s": talk,
         "lasted_s": talk + 10, "outer_ref": outer},
    ),
    st.sampled_from("abcd"),
    st.integers(0, 12).map(lambda n: n * 50),
    st.sampled_from(["one", "two", None]),
    st.sampled_from([ANNA, BORIS, None]),
    st.sampled_from(Direction),
    st.sampled_from([0, 60, 200]),
    st.sampled_from([None, None, "pa", "call pb", "nothing"]),
)  # fmt: skip
PAGES = st.lists(st.tuples(st.sampled_from(["main", "amo", "pbx"]), LEGS), max_size=9)


ordered = settings(deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
Pages = list[tuple[str, tuple[str, dict[str, Any]]]]


@settings(ordered, max_examples=12)
@given(pages=PAGES, chance=st.randoms(use_true_random=False))
def test_whatever_comes_in_whatever_order_the_calls_say_the_same(
    quick: Store, pages: Pages, chance: Any
) -> None:
    check_order(quick, pages, chance)


@pytest.mark.long
@settings(ordered, max_examples=200)
@given(pages=PAGES, chance=st.randoms(use_true_random=False))
def test_however_much_comes_in_whatever_order_the_calls_say_the_same(
    quick: Store, pages: Pages, chance: Any
) -> None:
    check_order(quick, pages, chance)


def check_order(quick: Store, pages: Pages, chance: Any) -> None:
    desk, last = Desk(quick), {}
    for place, (ref, more) in pages:
        desk.keep(place, leg(f"{place[0]}{ref}", **more))
        last[place, ref] = more
    found, journal = desk.rows(), desk.journalled()
    assert journal == Counter(found)
    again, order = Desk(quick), sorted(last)
    chance.shuffle(order)
    for place, ref in order:
        again.keep(place, leg(f"{place[0]}{ref}", **last[place, ref]))
    assert again.rows() == found
    counted = [seen for ref, seen in again.seen().items() if ref[0] == "p"]
    assert Seen.COPY not in counted, "what the telephone system tells always counts"
