"""What `merilo check` says about a portal, and what the settings refuse."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.error import SecretError
from config.secret_ref import SecretRef
from connectors.base import Check
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client, connect
from connectors.bitrix24.settings import Bitrix24Settings
from sandbox.server import Box, start_sandbox
from tests.connectors.bitrix24.app import app_options, app_settings, entered
from tests.connectors.bitrix24.portal import connected, to
from tests.connectors.clock import FakeClock

CRM = {
    *("scope crm", "deals can be read", "leads", "quotes", "contacts", "companies"),
    "letters and meetings",
}
"""The lines of a portal that gives no scope `crm`."""


def lines(client: Bitrix24Client) -> dict[str, Check]:
    return {line.name: line for line in CONNECTOR.check(client)}


def failing(client: Bitrix24Client) -> set[str]:
    found = lines(client).values()
    assert all(line.ok or line.todo for line in found)
    return {line.name for line in found if not line.ok}


def test_a_good_portal_has_nothing_to_complain_of_in_one_request() -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        assert failing(client) == set()
        assert len(box.log) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"scopes": {"crm", "user"}}, {"scope telephony", "call statistics"}),
        (
            {"scopes": {"telephony", "user"}},
            CRM,
        ),
        ({"scopes": {"crm", "telephony", "user_brief"}}, {"scope user"}),
        ({"unreadable": {1}}, {"leads"}),
        ({"call_statistics": False}, {"call statistics"}),
        ({"admin": False}, {"owner"}),
    ],
)
def test_a_missing_right_has_its_own_line(change: dict[str, Any], expected: set[str]) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        for name, value in change.items():
            setattr(box.portal.access, name, value)
        assert failing(client) == expected


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_differs_is_seen(minutes: int) -> None:
    theirs, ours = FakeClock(), FakeClock()
    (ours if minutes > 0 else theirs).sleep(abs(minutes) * 60)
    with (
        start_sandbox("bitrix24", scale="tiny", clock=theirs) as box,
        to(box, clock=ours) as client,
    ):
        found = lines(client)["clock"]
    assert not found.ok
    assert "600 s" in found.detail


def test_a_refused_webhook_is_the_only_line(box: Box) -> None:
    with connected(box.url, "1/wrong") as client:
        found = lines(client)
    assert list(found) == ["webhook"]
    assert "merilo secrets set" in found["webhook"].todo


@pytest.mark.parametrize(
    "secret", ["1/abc-DEF_0", " 1/abc-DEF_0/\n", "https://p.ru/rest/1/abc-DEF_0/"]
)
def test_a_webhook_is_understood_as_people_paste_it(secret: str) -> None:
    with connected("http://127.0.0.1:9", secret) as client:
        assert client.secret == "1/abc-DEF_0"


@pytest.mark.parametrize("secret", ["", "abc", "1/", "https://p.ru/rest/", "1/a/b/c"])
def test_what_is_no_webhook_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(SecretError) as told, connected("http://127.0.0.1:9", secret):
        pass
    assert "env:WEBHOOK" in str(told.value)
    assert not secret or f" {secret} " not in str(told.value)


REF = SecretRef("env", "W")
APP: dict[str, Any] = {"auth": "oauth", "client_id": "local.1", "client_secret": REF}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"auth": "oauth", "webhook": REF}, 'webhook\n.*is not used with auth = "oauth"'),
        ({"auth": "oauth"}, 'client_id\n.*is required with auth = "oauth"'),
        ({"auth": "webhook"}, 'webhook\n.*is required with auth = "webhook"'),
        (APP | {"auth": "webhook"}, 'client_id\n.*is not used with auth = "webhook"'),
        (APP | {"auth_server": "http://oauth.example"}, "https"),
        (APP | {"redirect_uri": "back"}, "redirect_uri"),
        ({"webhook": REF, "url": "https://p.bitrix24.ru/rest/1/code"}, "webhook"),
    ],
)
def test_settings_say_what_they_cannot_do(given: dict[str, Any], said: str) -> None:
    right = {"connector": "bitrix24", "url": "https://p.bitrix24.ru"}
    with pytest.raises(ValidationError, match=said) as told:
        Bitrix24Settings(**(right | given))
    assert "/rest/1/code" not in str(told.value)


def test_settings_of_an_application_are_taken() -> None:
    settings = Bitrix24Settings(connector="bitrix24", url="https://p.bitrix24.ru", **APP)
    assert settings.auth_server == "https://oauth.bitrix24.tech"


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("scorecard", {}, ""),
        ("scorecard", {"admin": False}, "an administrator"),
        ("scorecard", {"scopes": {"crm", "telephony", "user"}}, "the scope `userfieldconfig`"),
        ("user_fields", {"scopes": {"crm", "telephony", "user"}}, "the scope `user.userfield`"),
        ("user_fields", {"scopes": {"crm", "telephony", "user_basic"}}, "the scope `user`"),
        ("record_fields", {"scopes": {"crm", "telephony", "user"}}, ""),
        ("", {"scopes": {"crm", "telephony", "user"}}, ""),
    ],
)
def test_what_a_destination_needs_is_a_fault_only_where_one_is_set(
    kind: str, change: dict[str, Any], said: str
) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        for name, value in change.items():
            setattr(box.portal.access, name, value)
        client.options = replace(client.options, destinations=frozenset({kind}))
        found = [line for name, line in lines(client).items() if name.startswith("may ")]
    bad = [line for line in found if not line.ok]
    assert len(found) == 4
    assert [said in line.detail and said in line.todo for line in bad] == [True] * bool(said)


def test_scopes_that_only_add_something_are_told_without_being_a_fault() -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        box.portal.access.scopes -= {"department", "task"}
        found = lines(client)
        assert failing(client) == set()
    assert "no tasks are read" in found["scope task"].detail
    assert "takes an application" in found["may hear of removals at once"].detail
    assert "`department`" in found["scope department"].todo


def test_the_servers_zone_is_told_and_dates_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        assert lines(client)["server's time zone"].detail == "UTC+03:00"
        assert lines(client)["dates in filters"].ok
        monkeypatch.setattr("sandbox.bitrix24.match.read_moment", lambda _value: 0)
        assert failing(client) == {"dates in filters"}


def test_an_application_is_looked_at_too(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        entered(box, tmp_path / "data", clock) as client,
    ):
        found = lines(client)
        assert failing(client) == set()
        assert found["application"].detail == "accepted"
        assert found["login"].detail == "holds until 2027-04-13 without any use"
        assert found["may hear of removals at once"].detail == "yes"
        box.portal.access.admin = False
        box.portal.access.scopes.discard("telephony")
        assert failing(client) == {"owner", "scope telephony", "call statistics"}
        assert "merilo login main" in lines(client)["scope telephony"].todo
        assert "application" in lines(client)["call statistics"].detail
        box.portal.oauth.moved_to = box.url.replace("http://127.0.0.1", "localhost")
        assert "http://localhost:" in lines(client)["address"].todo


def test_an_application_nobody_logged_in_to_has_one_line(tmp_path: Path) -> None:
    with (
        start_sandbox("bitrix24", scale="empty") as box,
        closing(connect(app_settings(box), app_options(box, tmp_path / "data"))) as client,
    ):
        found = lines(client)
    assert list(found) == ["application"]
    assert found["application"].todo == "Run: merilo login main"
