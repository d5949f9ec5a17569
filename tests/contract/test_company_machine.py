"""However people work in both of their CRMs and wherever the agent dies, in the end all agree."""

import random

import pytest

from tests.contract.company_machine import CompanyMachine
from tests.contract.machine import deaths_during


def test_no_work_and_no_kill_makes_two_crms_and_their_numbers_differ() -> None:
    machine, chance = CompanyMachine(), random.Random(1)
    with machine.told():
        machine.begin(True)
        machine.day_in_portal(chance)
        machine.mistype_address(0, 1)
        machine.day_in_account(chance)
    changes, deaths = machine.met
    assert changes > 50
    assert deaths > 4


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_thousand_changes_in_two_crms_and_many_kills_make_nothing_differ() -> None:
    assert deaths_during(10_000, CompanyMachine) > 100
