"""The pace of an account is kept by all processes of a machine together, by the real clock."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.amocrm.client import BURST, PACE
from sandbox.server import start_sandbox
from tests.connectors.login import Login
from tests.connectors.renewer import ask_paced, begin, ended


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Login]:
    with start_sandbox("amocrm", scale="empty", seed=5, limits=False) as box:
        yield Login("amocrm", box, tmp_path)


@pytest.mark.parametrize("times", [10, pytest.param(60, marks=pytest.mark.long)])
def test_two_processes_together_are_no_faster_than_one_may_be(login: Login, times: int) -> None:
    began, asked = time.monotonic(), len(login.box.log)
    processes = [begin(ask_paced, login.place, times) for _ in range(2)]
    assert [ended(each) for each in processes] == [0, 0]
    assert len(login.box.log) - asked == 2 * times
    assert time.monotonic() - began >= (2 * times - BURST) / PACE
