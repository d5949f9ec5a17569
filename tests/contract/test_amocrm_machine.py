"""However people work in an account and wherever the agent dies, in the end all agree."""

import random

import pytest

from tests.contract.amocrm_machine import AccountMachine
from tests.contract.machine import deaths_during


def test_no_work_and_no_kill_makes_store_kpi_and_crm_differ() -> None:
    machine, chance = AccountMachine(), random.Random(1)
    with machine.told():
        machine.begin(True)
        machine.day_in_account(chance)
        machine.pay_for_the_filter(False)
        machine.day_in_account(chance)
    changes, deaths = machine.met
    assert changes > 50
    assert deaths == 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_changes_and_many_kills_make_nothing_differ() -> None:
    assert deaths_during(10_000, AccountMachine) > 100
