"""Fifty thousand changes, counted as they come, leave the cells a rebuild would make."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from kpi.catalog import Catalog
from kpi.engine import rebuild, refresh
from store.moment import day_number
from store.table import TEAM
from tests.kpi.books import OPEN, Books, call, deal

DAYS = [day_number(date(2025, 12, 1) + timedelta(days=step)) for step in range(120)]
BATCHES, SIZE = 130, 400


def some_deal(chance: random.Random) -> tuple[Any, ...]:
    state = chance.choice((0, 1, 2))
    return deal(
        str(chance.randrange(3000)),
        created=chance.choice(DAYS),
        by=chance.choice((None, 1, 2, 3)),
        state=state,
        closed=None if state == OPEN else chance.choice(DAYS),
        closer=None if state == OPEN else chance.choice((1, 2, 3)),
        amount=chance.choice((None, 0, chance.randrange(10**9))),
        removed=chance.random() < 0.1,
    )


def some_call(chance: random.Random) -> tuple[Any, ...]:
    return call(
        str(chance.randrange(5000)),
        chance.choice((TEAM, 1, 2, 3)),
        day=chance.choice(DAYS),
        way=chance.choice((1, 2)),
        talk=chance.choice((0, 1, 119, 120, 3600)),
    )


@pytest.mark.long
@pytest.mark.timeout(600)
def test_fifty_thousand_changes_are_counted_as_they_come(books: Books, catalog: Catalog) -> None:
    chance = random.Random(26)
    refresh(books.store, catalog)
    folded = 0
    for _ in range(BATCHES):
        changed_deals = [some_deal(chance) for _ in range(SIZE // 2)]
        changed_calls = [some_call(chance) for _ in range(SIZE)]
        books.deals(*{row[0]: row for row in changed_deals}.values())
        books.calls(*{row[:2]: row for row in changed_calls}.values())
        books.forget_calls(*{some_call(chance)[:2] for _ in range(20)})
        done = refresh(books.store, catalog)
        assert not done.rebuilt
        folded += done.folded
    assert folded >= 50_000
    assert rebuild(books.store, catalog) is False
