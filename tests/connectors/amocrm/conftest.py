"""What tests of this connector share."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.amocrm.client import AmocrmClient
from tests.connectors.amocrm.account import connected


@pytest.fixture
def client(box: Any) -> Iterator[AmocrmClient]:
    """A client of the account of the test's `box`."""
    with connected(box) as opened:
        yield opened
