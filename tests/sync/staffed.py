"""A store in which Anna and Boris work, under the same e-mail in each source."""

from collections.abc import Iterator
from contextlib import contextmanager

from store import directory
from store.fact import Account
from store.store import Store
from tests.store.quick import open_quick_store

ANNA, BORIS = "7", "8"


@contextmanager
def staffed_store(*places: str) -> Iterator[Store]:
    """A quick store that knows them from these sources."""
    store = open_quick_store()
    people = [
        Account(ref=ref, name=ref, email=f"{ref}@firm.example", active=True)
        for ref in (ANNA, BORIS)
    ]
    with store.write() as tx:
        for place in places:
            directory.put_accounts(tx, directory.source_id(tx, place), people)
    yield store
    store.close()
