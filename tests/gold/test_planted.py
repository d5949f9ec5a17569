"""The hand-made month tells when a rule is broken on purpose."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi.catalog import load_catalog
from kpi.engine import rebuild
from store.store import Store
from tests.gold import check
from tests.gold.company import Reading
from tests.gold.planted import MISTAKES, REBUILD, Mistake
from tests.store.quick import open_quick_store

NO_METRICS = Path(os.devnull)
QUICK = 6
"""Every so many-th is planted in each run of the tests, all of them in the long ones."""


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_quick_store()
    yield opened
    opened.close()


def wrong_numbers(store: Store) -> set[tuple[str, ...]]:
    """What differs from the numbers written down, and from what a rebuild finds."""
    # Our declarations alone are remembered; read anew they are made with the mistake.
    catalog = load_catalog((NO_METRICS,))
    Reading(journalled=True).run(store, catalog)
    wrong: set[tuple[str, ...]] = set()
    for found, expected in (
        (check.asked_month(store, catalog), check.expected_month()),
        (check.asked_periods(store, catalog), check.expected_periods()),
    ):
        keys = found.keys() | expected.keys()
        wrong |= {key for key in keys if found.get(key) != expected.get(key)}
    if rebuild(store, catalog):
        wrong.add(REBUILD)
    return wrong


def wrong_with(mistake: Mistake, store: Store) -> set[tuple[str, ...]]:
    """What is wrong when an agent makes this mistake."""
    with mistake.make():
        return wrong_numbers(store)


def test_nothing_is_wrong_without_a_mistake(store: Store) -> None:
    assert wrong_numbers(store) == set()


def test_there_are_twenty_mistakes_and_more() -> None:
    assert len({mistake.make for mistake in MISTAKES}) == len(MISTAKES) > 20


@pytest.mark.parametrize("mistake", MISTAKES[::QUICK], ids=lambda each: each.make.__name__)
def test_a_planted_mistake_is_seen(mistake: Mistake, store: Store) -> None:
    assert mistake.seen_in in wrong_with(mistake, store)


@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.make.__name__)
def test_every_planted_mistake_is_seen(mistake: Mistake, store: Store) -> None:
    assert mistake.seen_in in wrong_with(mistake, store)
