"""A new store and a new CRM in memory."""

import pytest

from tests.store.conftest import postgres_server, postgres_url, sqlite_store, store
from tests.sync.scripted import Remote

__all__ = ["postgres_server", "postgres_url", "sqlite_store", "store"]


@pytest.fixture
def remote() -> Remote:
    """A CRM in which Anna (7) and Boris (8) work."""
    made = Remote()
    made.hire("7", "Анна")
    made.hire("8", "Борис")
    return made
