"""OAuth at amoCRM: a refresh token works once, and nobody ever shows it twice."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.error import AuthError
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow import amo, victim
from tests.flow.agent import keep_secret, write_file
from tests.flow.login import agree, log_in, merilo


def write_settings(folder: Path, box: Any) -> Path:
    """A settings file for an integration that is entered by OAuth."""
    access = box.account.access
    secret = keep_secret(folder, "secret", access.client_secret)
    return write_file(
        folder,
        f"""
[sources.amo]
connector = "amocrm"
auth = "oauth"
url = "{box.url}"
client_id = "{access.client_id}"
client_secret = "file:{secret}"
redirect_uri = "{access.redirect_uri}"
since = "2026-09-01"
""",
    )


class Office(amo.Office):
    """An account that lets an integration in by OAuth."""

    def log_in(self, app: App) -> str:
        """What `merilo login amo` does with the code."""
        access = self.box.account.access
        code = access.authorize(self.box.account.now())
        make = app.connectors["amo"].login
        assert make is not None
        login = make(app.settings.sources["amo"], app.client("amo").options)
        assert login is not None
        assert f"client_id={access.client_id}" in login.address("state")
        return str(login.redeem({"code": code}))

    @property
    def renewals(self) -> int:
        """How often the token endpoint was asked."""
        return sum(record.method == "POST oauth2/access_token" for record in self.box.log)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = Clock()
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False, clock=clock) as box:
        yield Office(box, clock, write_settings(tmp_path, box))


def test_nobody_logged_in_yet_and_it_says_what_to_do(office: Office) -> None:
    with office.opened() as app:
        error = run_cycle(app, "amo").failed
    assert isinstance(error, AuthError)
    assert "merilo login amo" in str(error)


def test_a_login_is_kept_and_renewed_once_a_day(office: Office) -> None:
    with office.opened() as app:
        assert office.log_in(app)
        assert not run_cycle(app, "amo").errors
    assert office.renewals == 1
    for day in range(3):
        office.clock.forward(days=1)
        with office.opened() as app:
            assert not run_cycle(app, "amo").errors
        assert office.renewals == 2 + day


def test_a_token_that_is_refused_in_the_middle_of_a_read_is_renewed(office: Office) -> None:
    with office.opened() as app:
        office.log_in(app)
        office.box.faults.add("expired", method="GET leads")
        assert not run_cycle(app, "amo").errors
    assert office.renewals == 2


def test_two_agents_never_show_one_refresh_token_twice(office: Office) -> None:
    with office.opened() as one, office.opened() as other:
        office.log_in(one)
        office.clock.forward(days=2)
        errors: list[object] = []

        def ask(app: App) -> None:
            try:
                app.client("amo").get("api/v4/account")
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=ask, args=(app,)) for app in (one, other, one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert errors == []
    assert office.renewals == 2


def test_a_lost_answer_loses_the_login_and_says_so_once(office: Office) -> None:
    with office.opened() as app:
        office.log_in(app)
    office.clock.forward(days=2)
    office.box.faults.add("lost", method="POST oauth2/access_token")
    with office.opened() as app:
        for _ in range(3):
            error = run_cycle(app, "amo").failed
            assert isinstance(error, AuthError)
            assert "merilo login amo" in str(error)
            office.clock.forward(minutes=5)
    assert office.renewals == 3
    with office.opened() as app:
        office.log_in(app)
        assert not run_cycle(app, "amo").errors


@pytest.mark.parametrize("kind", ["500", "html403", "html500"])
def test_trouble_at_the_token_endpoint_never_logs_out(office: Office, kind: str) -> None:
    with office.opened() as app:
        office.log_in(app)
        office.clock.forward(days=2)
        for _ in range(3):
            office.box.faults.add(kind, method="POST oauth2/access_token")
        assert run_cycle(app, "amo").failed is not None
    office.box.faults.clear()
    office.clock.forward(minutes=20)
    with office.opened() as app:
        assert not run_cycle(app, "amo").errors


@pytest.fixture
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Path]]:
    """An account of today and the settings of an agent that a person let in."""
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False) as box:
        path = write_settings(tmp_path, box)
        assert log_in(path, agree, monkeypatch, "amo") == 0
        box.account.access.expire()
        yield box, path


def test_two_processes_of_the_agent_renew_the_login_once(entered: tuple[Any, Path]) -> None:
    box, path = entered
    agents = [victim.start(victim.sync_funnels, path) for _ in range(2)]
    for agent in agents:
        agent.join(60)
    assert [agent.exitcode for agent in agents] == [0, 0]
    assert list(box.account.access.shown.values()) == [1]


def test_an_agent_killed_before_the_answer_came_ends_with_77_and_says_what_to_do(
    entered: tuple[Any, Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    box, path = entered
    box.faults.gate(2, when="after")
    killed = victim.start(victim.sync_funnels, path)
    assert box.faults.wait_gate(60)
    victim.kill(killed)
    box.faults.release()
    fresh = victim.start(victim.sync_funnels, path)
    fresh.join(60)
    assert fresh.exitcode == 77
    assert merilo(path, "sync", "amo", "--stream", "funnels") == 77
    told = capfd.readouterr().err
    assert "The login of amo is lost" in told
    assert "had been lost" in told
    assert "Run: merilo login amo" in told
    assert list(box.account.access.shown.values()) == [2], "once more, and then left alone"
    assert log_in(path, agree, monkeypatch, "amo") == 0
    assert merilo(path, "sync", "amo", "--stream", "funnels") == 0
