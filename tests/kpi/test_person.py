"""Managers asked for by id, exact name or an id they have in a source."""

import pytest

from kpi.error import AskError
from kpi.person import find_manager, read_people
from store.directory import Alias, put_manager, replace_aliases, source_id
from store.table import TEAM
from tests.kpi.books import ANNA, BORIS, VERA, Books


@pytest.fixture
def people(books: Books) -> Books:
    with books.store.write() as tx:
        put_manager(tx, key="a2", name="Анна", listed=False, hidden=True)
        put_manager(tx, key="n", name="2", listed=False, hidden=False)
        pbx = source_id(tx, "pbx")
        replace_aliases(
            tx,
            [
                Alias(books.source, "7", 0, 99991231, ANNA),
                Alias(books.source, "70", 0, 20260101, ANNA),
                Alias(pbx, "101", 0, 20260630, BORIS),
                Alias(pbx, "101", 20260701, 99991231, VERA),
                Alias(pbx, "102", 0, 99991231, BORIS),
            ],
        )
    return books


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ANNA),
        ("Вера", VERA),
        ("main:7", ANNA),
        ("main:70", ANNA),
        ("pbx:102", BORIS),
        ("team", TEAM),
        ("Команда", TEAM),
    ],
)
def test_a_manager_is_found(people: Books, text: str, expected: int) -> None:
    assert find_manager(people.store, text) == expected


@pytest.mark.parametrize(
    ("text", "what", "candidates"),
    [
        ("Анна", "Several managers", ["1 Анна", "4 Анна"]),
        ("2", "Several managers", ["2 Борис", "5 2"]),
        ("pbx:101", "Several managers", ["2 Борис", "3 Вера"]),
        ("бор", "There is no manager", ["2 Борис"]),
        ("вера", "There is no manager", ["3 Вера"]),
        ("main:8", "There is no manager", ["1 Анна", "2 Борис"]),
        ("0", "There is no manager", ["1 Анна"]),
    ],
)
def test_anyone_else_is_refused_with_candidates(
    people: Books, text: str, what: str, candidates: list[str]
) -> None:
    with pytest.raises(AskError) as caught:
        find_manager(people.store, text)
    assert caught.value.what.startswith(what)
    for each in candidates:
        assert each in caught.value.todo


def test_a_person_shows_the_newest_id_of_each_source(people: Books) -> None:
    with people.store.read() as tx:
        found = {each.id: each.aliases for each in read_people(tx)}
    assert found[ANNA] == {"main": "7"}
    assert found[BORIS] == {"pbx": "102"}
    assert found[VERA] == {"pbx": "101"}
