"""What the tests of a telephone vendor start from; the module's `VENDOR` says whose."""

from collections.abc import Iterator
from typing import Any

import pytest

from merilo.cycle import run_cycle
from merilo.wiring import App
from tests.clock import Clock
from tests.flow.switchboard_suite import Vendor


@pytest.fixture(scope="module")
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found: Vendor = request.module.VENDOR
    return found


@pytest.fixture(scope="module")
def read_once(
    vendor: Vendor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Any]]:
    """Some months of a small company, read in one pass."""
    folder, clock = tmp_path_factory.mktemp(vendor.connector), Clock()
    with (
        vendor.start("small", clock, seed=7) as box,
        vendor.opened(vendor.settings_of(folder, box, since=vendor.history), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        yield app, box


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(vendor: Vendor, clock: Clock) -> Iterator[Any]:
    with vendor.start("tiny", clock) as opened:
        yield opened
