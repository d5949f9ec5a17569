"""One login in several processes, and processes that are killed while they renew it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import start_sandbox
from tests.connectors.login import Login
from tests.connectors.renewer import barrier, begin, ended, use_and_die, use_in_rounds
from tests.flow.victim import kill

KILLED = -9


@pytest.fixture(params=["amocrm", "bitrix24"])
def login(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Login]:
    with start_sandbox(request.param, scale="empty", seed=5) as box:
        yield Login(request.param, box, tmp_path)


@pytest.mark.parametrize("rounds", [5, pytest.param(30, marks=pytest.mark.long)])
def test_two_processes_never_show_one_refresh_token_twice(login: Login, rounds: int) -> None:
    ready = barrier(3)
    workers = [begin(use_in_rounds, login.place, rounds, ready) for _ in range(2)]
    for _ in range(rounds):
        login.oauth.expire()
        ready.wait(60)
        ready.wait(60)
    assert [ended(worker) for worker in workers] == [0, 0]
    assert list(login.oauth.shown.values()) == [1] * rounds


@pytest.mark.timeout(600)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_kill_at_any_step_of_a_renewal_costs_nothing_but_an_answer_not_yet_written(
    login: Login, tmp_path: Path, *, every: bool
) -> None:
    trace = tmp_path / "trace"
    assert login.killed_at(0, trace) == 0
    steps = trace.read_text().split()
    _, asked, *_ = (number for number, name in enumerate(steps, 1) if name == "send")
    written = steps.index("pwrite", asked) + 1
    unwritten = range(asked + 1, written + 1)
    assert {steps[number - 1] for number in unwritten} == {"close", "pwrite"}, steps
    chosen = range(1, len(steps) + 1) if every else range(asked, written + 2)
    lost = []
    for step in chosen:
        assert login.killed_at(step, trace) == KILLED, step
        if not login.goes_on():
            lost.append(step)
    assert lost == [step for step in chosen if step in unwritten]
    assert all(times <= 2 for times in login.oauth.shown.values())


@pytest.mark.parametrize(("when", "goes_on"), [("before", True), ("after", False)])
def test_a_kill_while_the_answer_is_under_way_costs_the_login_if_the_vendor_renewed_it(
    login: Login, tmp_path: Path, when: str, *, goes_on: bool
) -> None:
    login.oauth.expire()
    login.box.faults.gate(2, when=when)
    process = begin(use_and_die, login.place, 0, tmp_path / "trace")
    assert login.box.faults.wait_gate(60)
    kill(process)
    login.box.faults.release()
    assert login.goes_on() is goes_on
    login.oauth.expire()
    assert login.goes_on()
