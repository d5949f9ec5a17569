"""What a company costs that did nothing in either of its CRMs."""

from pathlib import Path

import pytest

from tests.contract.company_place import company
from tests.contract.quiet import WritingCompanyPlace, quiet_requests, settle_down
from tests.contract.test_amocrm_quiet import REQUESTS_OF_A_CYCLE


@pytest.mark.parametrize("cycles", [3, pytest.param(50, marks=pytest.mark.long)])
def test_fifty_cycles_over_two_unchanged_crms_ask_each_as_little_as_alone_and_write_nothing(
    tmp_path: Path, cycles: int
) -> None:
    with company(tmp_path / "place", kind=WritingCompanyPlace) as place, place.opened() as app:
        settle_down(place, app)
        asked = quiet_requests(place, app, cycles)
    assert asked["main"] == [["batch"]] * cycles
    assert len(asked["amo"]) == cycles
    assert max(map(len, asked["amo"])) <= REQUESTS_OF_A_CYCLE
