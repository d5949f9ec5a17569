"""How long clients waited for answers, by the definition, in whatever order letters are read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import directory
from store.fact import Direction, Email, EmailKind, EmailTrail, Removal
from store.moment import to_ms
from store.store import Store
from sync.commit import Commit
from sync.recredit import settle
from sync.removal import keep_removals
from tests.store.row import stored
from tests.sync.ledger import empty
from tests.sync.scripted import START, Remote, source
from tests.sync.staffed import ANNA, BORIS, staffed_store

HOUR, DAY = 3600, 86_400
TABLES = ("email_journal", "email", "email_link", "mark")
IN, OUT = Direction.IN, Direction.OUT


@pytest.fixture(scope="module")
def quick() -> Iterator[Store]:
    with staffed_store("main", "mail") as store:
        yield store


@dataclass(frozen=True)
class Letter:
    """A letter as its headers tell of it, the same in every copy."""

    message: str
    way: Direction = IN
    owners: tuple[str | None, ...] = (ANNA,)
    answers: tuple[str, ...] = ()
    subject: str | None = None
    kind: EmailKind = EmailKind.PERSONAL

    def facts(self, at_s: int) -> list[Any]:
        """What a mailbox that got it at that second tells."""
        moment = START + timedelta(seconds=at_s)
        rows = [
            Email(
                ref=_ref(self.message, owner), direction=self.way, kind=self.kind,
                owner_ref=owner, begun_at=moment, updated_at=moment, message_hash=self.message,
            )
            for owner in self.owners
        ]  # fmt: skip
        refs = tuple(each.ref for each in rows)
        return [*rows, EmailTrail(message_hash=self.message, answers=self.answers,
                                  subject_hash=self.subject, refs=refs)]  # fmt: skip


class Row(NamedTuple):
    """What is stored of a letter for one person."""

    counts: int
    opens: int
    reply_s: int | None


@dataclass
class Post:
    """Two sources of letters and the store that is told of them."""

    store: Store
    journal: bool = True
    letters: dict[str, Letter] = field(default_factory=dict)
    copies: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        empty(self.store, TABLES)

    def keep(self, *letters: tuple[Letter, int], place: str = "mail") -> None:
        """A page: letters, each with the second in which it came."""
        with self.store.write() as tx:
            credit = settle(tx, source(self.store, Remote()).settings)
            commit = Commit(source_id=directory.source_id(tx, place), credit=credit,
                            journal=self.journal)  # fmt: skip
            commit.put(tx, [fact for letter, at_s in letters for fact in letter.facts(at_s)])
        for letter, at_s in letters:
            key = place, letter.message
            self.letters[letter.message] = letter
            self.copies[key] = min(at_s, self.copies.get(key, at_s))

    def kept(self) -> dict[tuple[str, str], Row]:
        """What the rows say, by source and id."""
        query = (
            "SELECT s.name, e.ref, counts, opens, reply_s FROM email e"
            " JOIN source s ON s.id = source_id"
        )
        with self.store.read() as tx:
            return {(place, ref): Row(*row) for place, ref, *row in tx.exec_driver_sql(query)}

    def expected(self) -> dict[tuple[str, str], Row]:
        """The definition and nothing else."""
        counted, first = self._shares(), dict[str, int]()
        for (_, message), at_s in self.copies.items():
            first[message] = min(at_s, first.get(message, at_s))
        said: dict[str, tuple[int, int | None]] = {}
        for group in self._threads(first):
            opened = None
            for message in sorted(group, key=lambda m: (first[m], self.letters[m].way, m)):
                letter = self.letters[message]
                if letter.kind is not EmailKind.PERSONAL:
                    continue
                if letter.way is IN and opened is None:
                    opened, said[message] = message, (1, None)
                elif letter.way is OUT and opened is not None:
                    said[opened] = (1, first[message] - first[opened])
                    said[message] = (0, first[message] - first[opened])
                    opened = None
        return {
            key: Row(counts, *(said.get(key[1][0], (0, None)) if counts else (0, None)))
            for key, counts in counted.items()
        }

    def _shares(self) -> dict[tuple[str, str], int]:
        numbers = {"main": 1, "mail": 2}
        rows = [
            ((message, at_s, numbers[place], _ref(message, owner)), place, owner)
            for (place, message), at_s in self.copies.items()
            for owner in self.letters[message].owners
        ]
        found: dict[tuple[str, str], int] = {}
        seen: set[tuple[str, str | None]] = set()
        begun: set[str] = set()
        for (message, _, _, ref), place, owner in sorted(rows, key=lambda row: row[0]):
            is_new = owner is not None and (message, owner) not in seen
            found[place, ref] = 2 if message not in begun else int(is_new)
            begun.add(message)
            seen.add((message, owner))
        return found

    def _threads(self, first: dict[str, int]) -> list[set[str]]:
        ties = [{message, *self.letters[message].answers} for message in first]
        for subject in {each.subject for each in self.letters.values()} - {None}:
            same = sorted((at, m) for m, at in first.items() if self.letters[m].subject == subject)
            for (before, one), (at, other) in pairwise(same):
                if not self.letters[other].answers and at - before < 14 * DAY:
                    ties.append({one, other})
        groups: list[set[str]] = []
        for tie in ties:
            touching = [each for each in groups if each & tie]
            groups = [each for each in groups if not each & tie]
            groups.append(tie.union(*touching))
        return [each & first.keys() for each in groups]

    def agree(self) -> None:
        """The letters say what the definition says, and the journal is what changed."""
        assert self.kept() == self.expected()
        if self.journal:
            found: Counter[Any] = Counter()
            for _seq, sign, *image in stored(self.store, "email_journal"):
                found[tuple(image)] += sign
            told = Counter({image: count for image, count in found.items() if count})
            assert told == Counter(stored(self.store, "email"))


def _ref(message: str, owner: str | None) -> str:
    return message if owner is None else f"{message}-{owner}"


def said(post: Post) -> dict[str, tuple[int, int | None]]:
    """(opens, seconds) of every letter of the mailboxes."""
    return {ref.partition("-")[0]: row[1:] for (_, ref), row in post.kept().items()}


def test_the_first_open_question_waits_and_whoever_answers_ends_it(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("q"), 0), (Letter("r", OUT, answers=("q",)), 500))
    one.keep((Letter("p", answers=("q",)), 100), (Letter("s", OUT, (BORIS,), ("q",)), 900))
    assert said(one) == {"q": (1, 500), "p": (0, None), "r": (0, 500), "s": (0, None)}
    one.agree()


def test_an_answer_read_before_its_question_finds_it(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("r", OUT, answers=("m", "q")), 500))
    assert said(one) == {"r": (0, None)}
    one.keep((Letter("q"), 0))
    one.keep((Letter("p", answers=("m",)), -50))
    assert said(one) == {"p": (1, 550), "q": (0, None), "r": (0, 550)}
    one.agree()


@pytest.mark.parametrize("kind", [EmailKind.AUTOMATIC, EmailKind.INTERNAL])
def test_robots_and_colleagues_neither_ask_nor_answer(quick: Store, kind: EmailKind) -> None:
    one = Post(quick)
    one.keep((Letter("a", kind=kind), -9), (Letter("q", answers=("a",)), 0))
    one.keep((Letter("b", OUT, answers=("q",), kind=kind), 5))
    assert said(one) == {"a": (0, None), "q": (1, None), "b": (0, None)}
    one.agree()


def test_a_letter_of_the_same_subject_two_weeks_later_is_another_matter(quick: Store) -> None:
    one = Post(quick)
    soon, late = 14 * DAY - 1, 28 * DAY
    one.keep((Letter("q", subject="s"), 0), (Letter("r", OUT, subject="s"), soon))
    one.keep((Letter("t", subject="s"), late), (Letter("u", OUT, subject="s"), late + 14 * DAY))
    assert said(one) == {"q": (1, soon), "r": (0, soon), "t": (1, None), "u": (0, None)}
    one.agree()


def test_a_letter_of_two_people_counts_for_each_and_once_for_the_team(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("q", owners=(ANNA, BORIS)), 5))
    one.keep((Letter("q", owners=(ANNA, BORIS)), 9), place="main")
    assert sorted(row.counts for row in one.kept().values()) == [0, 0, 1, 2]
    one.keep((Letter("q", owners=(ANNA, BORIS)), 1), place="main")
    assert one.kept()["main", "q-7"].counts == 2
    one.agree()


def test_whom_the_headers_no_longer_name_has_the_letter_no_more(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("q", owners=(ANNA, BORIS)), 5), (Letter("r", OUT, (BORIS,), ("q",)), 65))
    one.keep((Letter("q", owners=(BORIS,)), 5))
    assert one.kept() == {("mail", "q-8"): Row(2, 1, 60), ("mail", "r-8"): Row(2, 0, 60)}
    one.agree()


def test_a_copy_that_is_removed_leaves_the_letter_to_the_others(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("q"), 5), place="main")
    one.keep((Letter("q"), 9))
    assert one.kept()["mail", "q-7"].counts == 0
    with quick.write() as tx:
        credit = settle(tx, source(quick, Remote()).settings)
        commit = Commit(source_id=directory.source_id(tx, "main"), credit=credit, journal=True)
        gone = Removal(kind="email", record_ref="q-7", at=START)
        assert keep_removals(tx, commit, [gone]) == 1
    assert one.kept()["mail", "q-7"] == Row(2, 1, None)


def test_other_working_hours_change_the_working_wait_alone(quick: Store) -> None:
    one = Post(quick)
    one.keep((Letter("q"), 0), (Letter("r", OUT, answers=("q",)), 24 * HOUR))
    (first, *_) = _work(quick)
    with quick.write() as tx:
        shorter = source(quick, Remote()).settings
        section = shorter.calendar.model_validate({"country": "RU", "hours": "09:00-13:00"})
        settle(tx, shorter.model_copy(update={"calendar": section}))
    (second, *_) = _work(quick)
    assert (first, second) == (9 * HOUR, 4 * HOUR)


def _work(store: Store) -> list[int]:
    with store.read() as tx:
        rows = tx.exec_driver_sql("SELECT reply_work_s FROM email WHERE reply_s IS NOT NULL")
        return [row[0] for row in rows]


@st.composite
def letters(draw: st.DrawFn) -> list[Letter]:
    """Seven letters that answer each other, or unseen ones, and share subjects."""
    names = "abcdefg"
    made = []
    for name in names:
        answers = draw(st.lists(st.sampled_from([*names, "y", "z"]), max_size=2, unique=True))
        made.append(
            Letter(
                name,
                draw(st.sampled_from([IN, OUT])),
                draw(st.sampled_from([(ANNA,), (BORIS,), (ANNA, BORIS), (None,)])),
                tuple(each for each in answers if each != name),
                draw(st.sampled_from([None, None, "s", "t"])),
                draw(st.sampled_from([EmailKind.PERSONAL] * 3 + [EmailKind.AUTOMATIC])),
            )
        )
    return made


MOMENTS = st.one_of(st.integers(0, 40 * DAY), st.integers(0, 5), st.just(14 * DAY))
COPIES = st.lists(
    st.tuples(st.sampled_from(["main", "mail"]), st.integers(0, 6), MOMENTS),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(made=letters(), copies=COPIES, page=st.integers(1, 4), journal=st.booleans())
def test_letters_read_in_any_order_wait_as_defined(
    quick: Store, made: list[Letter], copies: list[tuple[str, int, int]], page: int, journal: bool
) -> None:
    one = Post(quick, journal)
    for at in range(0, len(copies), page):
        part = copies[at : at + page]
        for place in ("main", "mail"):
            one.keep(*[(made[n], at_s) for where, n, at_s in part if where == place], place=place)
    one.agree()
    before = stored(quick, "email")
    for place, number, at_s in copies:
        one.keep((made[number], at_s), place=place)
    assert stored(quick, "email") == before
    assert all(row[8] <= to_ms(START + timedelta(days=41)) for row in before)
