"""What the vendor tells of owners beats what polling saw; later sights still count."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from store.moment import EPOCH
from store.owner_event import Handover
from store.record import owner_at
from sync.handover import in_chain, merged
from sync.owner import OwnerChange

T0 = datetime(2026, 10, 5, 9, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


def told(minutes: int, ref: str, before: str, after: str) -> Handover:
    return Handover(at(minutes), ref, before, after)


def test_the_new_owner_has_the_record_from_the_moment_of_the_event_on() -> None:
    history = merged([told(10, "e1", "anna", "boris")], (), "boris")
    assert owner_at(at(10) - timedelta(seconds=1), history, "boris") == "anna"
    assert owner_at(at(10), history, "boris") == "boris"


def test_what_polling_saw_before_the_last_event_is_forgotten() -> None:
    seen = (OwnerChange(EPOCH, "anna"), OwnerChange(at(2), "boris"))
    history = merged([told(10, "e1", "anna", "boris")], seen, "boris")
    assert owner_at(at(5), history, "boris") == "anna"


def test_what_polling_saw_after_the_last_event_counts_until_that_is_told_too() -> None:
    seen = (OwnerChange(EPOCH, "anna"), OwnerChange(at(20), "vera"))
    history = merged([told(10, "e1", "anna", "boris")], seen, "vera")
    assert owner_at(at(15), history, "vera") == "boris"
    assert owner_at(at(21), history, "vera") == "vera"
    events = [told(10, "e1", "anna", "boris"), told(30, "e2", "boris", "vera")]
    assert owner_at(at(21), merged(events, seen, "vera"), "vera") == "boris"


def test_an_owner_that_no_event_tells_of_has_the_time_since_the_last_one() -> None:
    history = merged([told(10, "e1", "anna", "boris")], (), "vera")
    assert owner_at(at(9), history, "vera") == "anna"
    assert owner_at(at(11), history, "vera") == "vera"


@given(people=st.lists(st.sampled_from("abcde"), min_size=2, max_size=5), order=st.randoms())
def test_events_of_one_second_are_put_into_the_order_in_which_they_join(
    people: list[str], order: object
) -> None:
    names = list(dict.fromkeys(people))
    events = [
        told(1, f"{number}", before, after)
        for number, (before, after) in enumerate(itertools.pairwise(names))
    ]
    mixed = list(events)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    first = told(0, "first", "z", names[0])
    assert in_chain([*mixed, first])[1:] == events
    assert merged([first, *mixed], (), names[-1])[-1].owner_ref == names[-1]
