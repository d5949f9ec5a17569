"""However people work in an account and wherever the agent dies, in the end all agree."""

import random

import pytest

from tests.contract.amocrm_machine import AccountMachine
from tests.contract.machine import CHANGES, DEATHS, deaths_during
from tests.contract.trouble import KINDS


def walk(machine: AccountMachine, chance: random.Random) -> None:
    """One day of an account and its agent, told by chance alone."""

    def few() -> int:
        return chance.randint(0, 5)

    def who() -> int:
        return chance.randint(0, 2)

    for _ in range(3):
        machine.create(who(), chance.randint(1, 9), chance.randint(0, 1), few())
    machine.live(chance.randrange(1000), 6)
    machine.cycle_killed_while_it_saves(chance.randint(1, 12))
    machine.move(few(), chance.randint(0, 4), chance.randint(0, 1))
    machine.reassign(few(), who())
    machine.cycle_while_people_work(chance.randrange(1000))
    machine.call(who(), 200, True, few())
    machine.cycle_killed_at_a_request(chance.randint(1, 6), chance.random() < 0.5)
    machine.work_on_tasks(few(), who(), 2, chance.choice(("new", "done", "give", "drop")))
    machine.merge(few(), chance.random() < 0.5)
    machine.cycle_with_a_fault(chance.choice(KINDS), chance.randint(1, 5))
    machine.letter(who(), True, few())
    machine.delete(few())
    machine.wait(86_400)
    machine.restore(few())
    machine.writing_killed(chance.randint(1, 3), chance.random() < 0.5)
    machine.edit(few(), chance.randint(0, 9))
    machine.cycle_killed_between_pages(chance.randint(1, 12))


def test_no_work_and_no_kill_makes_store_kpi_and_crm_differ() -> None:
    machine, chance = AccountMachine(), random.Random(1)
    changes, deaths = CHANGES.total(), DEATHS.total()
    machine.begin(True)
    try:
        walk(machine, chance)
        machine.pay_for_the_filter(False)
        walk(machine, chance)
    finally:
        machine.teardown()
    assert CHANGES.total() - changes > 50
    assert DEATHS.total() - deaths == 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_changes_and_many_kills_make_nothing_differ() -> None:
    assert deaths_during(10_000, AccountMachine) > 100
