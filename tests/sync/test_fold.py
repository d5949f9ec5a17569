"""Several rows of a statistic are one call, and who took it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from store.fact import CallLeg, TalkQuality, Transfer
from store.table import TEAM
from sync.fold import in_order, shares, tell
from tests.sync.scripted import START, leg

PEOPLE = {"7": 1, "7-mobile": 1, "8": 2}
"""Two accounts of one person, and another person; "3" is a robot nobody knows."""

LEGS = st.lists(
    st.tuples(st.sampled_from(["7", "7-mobile", "8", "3", None]), st.integers(0, 5)),
    min_size=1,
    max_size=5,
)


def _legs(*parts: tuple[str | None, int]) -> list[CallLeg]:
    return [
        leg(str(number), call="c", user=user, talk=talk, at=START + timedelta(seconds=number))
        for number, (user, talk) in enumerate(parts, 1)
    ]


def _shares(*parts: tuple[str | None, int]) -> list[tuple[int, int, str]]:
    return shares(_legs(*parts), PEOPLE.get)


@pytest.mark.parametrize(
    ("parts", "credited"),
    [
        pytest.param([("7", 30)], [(TEAM, 30, "1"), (1, 30, "1")], id="talked"),
        pytest.param([("7", 0)], [(TEAM, 0, "1"), (1, 0, "1")], id="the only one rung"),
        pytest.param([("7", 0), ("8", 0)], [(TEAM, 0, "1")], id="several rung, nobody talked"),
        pytest.param(
            [("7", 0), ("8", 20)], [(TEAM, 20, "1"), (2, 20, "2")], id="one of several answered"
        ),
        pytest.param(
            [("7", 10), ("8", 20)],
            [(TEAM, 30, "1"), (1, 10, "1"), (2, 20, "2")],
            id="transferred: once for each, once for the team",
        ),
        pytest.param(
            [("7", 10), ("7-mobile", 20)],
            [(TEAM, 30, "1"), (1, 30, "1")],
            id="two accounts of one person are one person",
        ),
        pytest.param(
            [("7", 0), ("7-mobile", 0)],
            [(TEAM, 0, "1"), (1, 0, "1")],
            id="one person rung on two telephones",
        ),
        pytest.param([("3", 40)], [(TEAM, 40, "1")], id="a robot talked"),
        pytest.param([("3", 40), ("7", 0)], [(TEAM, 40, "1")], id="the robot talked, not the rung"),
        pytest.param([("3", 0), ("7", 0)], [(TEAM, 0, "1")], id="a stranger is rung as well"),
        pytest.param([(None, 0), ("7", 0)], [(TEAM, 0, "1"), (1, 0, "2")], id="an answering queue"),
        pytest.param([(None, 9), ("7", 0)], [(TEAM, 9, "1")], id="somebody unknown talked"),
        pytest.param([(None, 0)], [(TEAM, 0, "1")], id="nobody was rung"),
    ],
)
def test_who_is_credited_with_a_call(
    parts: list[tuple[str | None, int]], credited: list[tuple[int, int, str]]
) -> None:
    assert _shares(*parts) == credited


@pytest.mark.parametrize(
    ("rule", "people"),
    [
        ("each_leg", [(1, 25, "2"), (2, 30, "1")]),
        ("first_talked", [(1, 25, "2")]),
        ("last_talked", [(2, 30, "1")]),
        ("longest", [(2, 30, "1")]),
    ],
)
def test_of_several_who_talked_the_rule_chooses(
    rule: str, people: list[tuple[int, int, str]]
) -> None:
    legs = _legs(("8", 0), ("7", 10), ("7-mobile", 15), ("8", 30))
    assert shares(legs, PEOPLE.get, rule) == [(TEAM, 55, "1"), *people]


def test_when_a_stranger_is_chosen_nobody_is_credited() -> None:
    legs = _legs(("7", 10), ("3", 90))
    for rule in ("last_talked", "longest"):
        assert shares(legs, PEOPLE.get, rule) == [(TEAM, 100, "1")]
    assert shares(legs, PEOPLE.get, "first_talked")[1:] == [(1, 10, "1")]


def test_what_the_legs_tell_of_the_whole_call() -> None:
    menu, rung, talked, after = _legs((None, 0), ("7", 0), ("8", 30), ("7", 9))
    told = tell(
        [
            menu,
            replace(rung, ring_s=20, queue="sales", quality=TalkQuality.EXACT),
            replace(talked, ring_s=4, hold_s=5),
            replace(after, ring_s=9, transfer=Transfer.BLIND, quality=TalkQuality.UPPER_BOUND),
        ]
    )
    assert told == (2 + 4, 5, TalkQuality.UPPER_BOUND, Transfer.BLIND, "sales")
    assert tell([menu, replace(rung, ring_s=20)]).ring_s == 1 + 20, "until the client gave up"
    assert tell([menu, rung]).ring_s is None


@given(LEGS)
def test_the_team_has_every_second_and_nobody_has_more_than_it(
    parts: list[tuple[str | None, int]],
) -> None:
    (team, whole, _), *people = _shares(*parts)
    assert team == TEAM
    assert whole == sum(talk for _, talk in parts)
    assert sum(talk for _, talk, _ in people) <= whole
    assert len({who for who, _, _ in people}) == len(people)
    assert TEAM not in {who for who, _, _ in people}
    if whole:
        assert all(talk > 0 for _, talk, _ in people)


@given(LEGS, st.randoms())
def test_the_order_in_which_legs_arrive_changes_nothing(
    parts: list[tuple[str | None, int]], chance: object
) -> None:
    legs = _legs(*parts)
    mixed = list(legs)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert list(in_order(mixed)) == legs


def test_legs_of_one_second_are_in_the_order_of_their_numbers() -> None:
    legs = [leg("10"), leg("9"), leg("100")]
    assert [each.ref for each in in_order(legs)] == ["9", "10", "100"]


def _copy(ref: str, talk: int, stretch: str | None) -> CallLeg:
    return replace(leg(ref, call="c", user="7", talk=talk), stretch=stretch)


def test_copies_of_one_stretch_of_talk_count_once_and_the_one_that_tells_most_is_kept() -> None:
    copies = [_copy("2", 60, "s"), _copy("1", 60, "s")]
    assert [each.ref for each in in_order(copies)] == ["1"]
    assert [each.ref for each in in_order([_copy("0", 0, "s"), *copies])] == ["1"]
    others = [_copy("3", 60, "t"), _copy("4", 60, None)]
    assert [each.ref for each in in_order([*others, *copies])] == ["1", "3", "4"]
