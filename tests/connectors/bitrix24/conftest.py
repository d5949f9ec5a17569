"""One portal a test, small and deterministic."""

from collections.abc import Iterator

import pytest

from connectors.bitrix24.client import Bitrix24Client
from sandbox.server import Box, start_sandbox
from tests.canary import canary
from tests.connectors.bitrix24.portal import to


@pytest.fixture
def box() -> Iterator[Box]:
    """A company of three managers, 20 deals and 60 calls, whose webhook is a canary."""
    with start_sandbox("bitrix24", scale="tiny", seed=5) as box:
        box.portal.access.code = canary("webhook")
        yield box


@pytest.fixture
def client(box: Box) -> Iterator[Bitrix24Client]:
    """A client whose waiting takes no time."""
    with to(box) as client:
        yield client
