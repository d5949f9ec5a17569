"""However people work in a portal and wherever the agent dies, in the end all agree."""

import random

import pytest

from tests.contract.bitrix24_machine import PortalMachine
from tests.contract.machine import CHANGES, DEATHS, deaths_during
from tests.contract.trouble import KINDS


def walk(machine: PortalMachine, chance: random.Random) -> None:
    """One day of a portal and its agent, told by chance alone: what few examples cannot promise."""
    machine.create(chance.choice((7, 9)), chance.randint(1, 9), chance.random() < 0.5, 0)
    machine.live(chance.randrange(1000), 6)
    machine.cycle_killed_while_it_saves(chance.randint(1, 6))
    machine.move(chance.randint(0, 5), chance.choice(("WON", "LOSE", "NEW", "C1:WON")))
    machine.reassign(chance.randint(0, 5), chance.choice((7, 9, 11)))
    machine.cycle_while_people_work(chance.randrange(1000))
    machine.call(7, 200, 2)
    machine.cycle_killed_at_a_request(chance.randint(1, 3), chance.random() < 0.5)
    machine.set_rate("USD", chance.randint(60, 90))
    machine.change_currency(chance.randint(0, 5), "USD")
    machine.cycle_with_a_fault(chance.choice(KINDS), chance.randint(1, 3))
    machine.merge(chance.choice((1, 2)), chance.randint(0, 5))
    machine.delete(chance.randint(0, 5))
    machine.wait(86_400)
    machine.writing_killed(chance.randint(1, 3), chance.random() < 0.5)
    machine.cycle_killed_between_pages(chance.randint(1, 9))


def test_no_work_and_no_kill_makes_store_kpi_and_crm_differ() -> None:
    machine, chance = PortalMachine(), random.Random(1)
    changes, deaths = CHANGES.total(), DEATHS.total()
    machine.begin()
    try:
        for _ in range(2):
            walk(machine, chance)
        for which in (0, 1):
            machine.create(7, 5, False, which)
            machine.sell_to_company(which, 7)
        machine.cycle()
        machine.merge(4, 0)  # which leaves no mark on the deals: only the sweep can find it
    finally:
        machine.teardown()
    assert CHANGES.total() - changes > 50
    assert DEATHS.total() - deaths == 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_changes_and_many_kills_make_nothing_differ() -> None:
    assert deaths_during(10_000, PortalMachine) > 100
