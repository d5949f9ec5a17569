"""What `merilo check` says about a portal, and what the settings refuse."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.error import SecretError
from config.secret_ref import SecretRef
from connectors.base import Check
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.settings import Bitrix24Settings
from sandbox.server import Box, start_sandbox
from tests.connectors.bitrix24.portal import connected, to
from tests.connectors.clock import FakeClock


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
            {"scope crm", "deals can be read", "leads", "quotes", "letters and meetings"},
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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"auth": "oauth"}, "not built yet"),
        ({"url": "https://p.bitrix24.ru/rest/1/code"}, "webhook"),
    ],
)
def test_settings_say_what_they_cannot_do(change: dict[str, Any], said: str) -> None:
    right = {"connector": "bitrix24", "url": "https://p.bitrix24.ru"}
    with pytest.raises(ValidationError, match=said) as told:
        Bitrix24Settings(**(right | change), webhook=SecretRef("env", "W"))
    assert "/rest/1/code" not in str(told.value)
