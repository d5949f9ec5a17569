"""Who held a record, as far as somebody who only polls can know."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from store.moment import EPOCH
from store.record import owner_at
from sync.owner import OwnerChange, SeenVersion, observe_owner
from tests.sync.scripted import START

VERSIONS = st.lists(
    st.tuples(st.sampled_from(["7", "8", "9", None]), st.integers(0, 3)), min_size=1, max_size=8
)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _history(versions: list[tuple[str | None, int]]) -> list[OwnerChange]:
    """What is kept after the versions were read one after the other."""
    history: dict[datetime, OwnerChange] = {}
    seen = None
    for owner, second in versions:
        for change in observe_owner(seen, list(history.values()), owner):
            history[change.after_at] = change
        seen = SeenVersion(owner, _at(second))
    return sorted(history.values(), key=lambda change: change.after_at)


@given(VERSIONS, st.integers(-1, 30))
def test_a_moment_belongs_to_the_owner_seen_next_after_it(
    steps: list[tuple[str | None, int]], second: int
) -> None:
    """The rule said once more: the first version read after that moment, else the last."""
    total, versions = 0, []
    for owner, gap in steps:
        total += gap
        versions.append((owner, total))
    holder = versions[0][0]
    for before, after in pairwise(versions):
        if second > before[1]:
            holder = after[0]
    assert owner_at(_at(second), _history(versions), versions[-1][0]) == holder


def test_a_new_owner_holds_from_just_after_the_version_read_before() -> None:
    history = _history([("7", 10), ("8", 20)])
    assert history == [OwnerChange(EPOCH, "7"), OwnerChange(_at(10), "8")]
    assert owner_at(_at(10), history, "8") == "7"
    assert owner_at(_at(10.001), history, "8") == "8"


def test_before_the_first_sight_it_was_whose_we_saw_first() -> None:
    assert owner_at(_at(-1000), _history([("7", 10), ("8", 20)]), "8") == "7"


def test_while_nobody_changed_nothing_is_kept() -> None:
    assert _history([("7", 10), ("7", 20), ("7", 30)]) == []
    assert owner_at(_at(5), [], "7") == "7"


def test_two_owners_within_one_second_leave_the_last() -> None:
    history = _history([("7", 10), ("8", 10), ("9", 10)])
    assert history == [OwnerChange(EPOCH, "7"), OwnerChange(_at(10), "9")]


def test_handed_over_and_back_between_two_reads_was_never_seen() -> None:
    assert _history([("7", 10), ("7", 40)]) == []


def test_a_record_may_belong_to_nobody() -> None:
    history = _history([("7", 10), (None, 20), ("8", 30)])
    assert [owner_at(_at(second), history, "8") for second in (5, 15, 25)] == ["7", None, "8"]
