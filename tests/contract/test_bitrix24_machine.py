"""However people work in a portal and wherever the agent dies, in the end all agree."""

import random

import pytest

from tests.contract.bitrix24_machine import PortalMachine
from tests.contract.machine import deaths_during


def test_no_work_and_no_kill_makes_store_kpi_and_crm_differ() -> None:
    machine, chance = PortalMachine(), random.Random(1)
    with machine.told():
        machine.begin()
        for _ in range(2):
            machine.day_in_portal(chance)
        for which in (0, 1):
            machine.create_deal(7, 5, False, which)
            machine.sell_to_company(which, 7)
        machine.cycle()
        machine.merge_records(4, 0)  # which leaves no mark on the deals: only the sweep can find it
    changes, deaths = machine.met
    assert changes > 50
    assert deaths == 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_changes_and_many_kills_make_nothing_differ() -> None:
    assert deaths_during(10_000, PortalMachine) > 100
