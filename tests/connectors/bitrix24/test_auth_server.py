"""The vendor's server: which one is believed, and what its answers mean."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.secret_ref import SecretRef
from connectors.answer import Answer
from connectors.bitrix24.application import address_of
from connectors.bitrix24.auth_server import AuthServer
from connectors.bitrix24.settings import AUTH_SERVER, Bitrix24Settings
from connectors.error import AuthError, LostAnswerError, RemoteError, RetryableError
from connectors.http import Transport
from connectors.token import GrantError, Tokens
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.connectors.bitrix24.app import app_options, entered
from tests.connectors.bitrix24.test_check import failing, lines
from tests.connectors.clock import FakeClock

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bitrix24"


class Wire:
    """Answers every request with one payload; remembers where it went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int = 200) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

        def get(own: Transport, path: str, query: Mapping[str, str], *, read: Any) -> Any:
            self.asked.append((f"{own._base_url}/{path}", dict(query)))
            return read(Answer(status, {}, body, f"{own._base_url}/{path}", 0.1))

        monkeypatch.setattr(Transport, "get", get)


def server(tmp_path: Path, address: str = AUTH_SERVER) -> AuthServer:
    settings = Bitrix24Settings(
        connector="bitrix24",
        url="https://portal.bitrix24.com",
        auth="oauth",
        client_id="local.1",
        client_secret=SecretRef("env", "S"),
        auth_server=address,
    )
    with start_sandbox("bitrix24", scale="empty") as box:
        return AuthServer(settings, app_options(box, tmp_path), canary("client-secret"))


def tokens(**facts: str) -> Tokens:
    now = FakeClock()()
    return Tokens(
        access=canary("access"),
        refresh=canary("refresh"),
        got_at=now,
        access_ends_at=now,
        facts=facts,
    )


def payload(name: str) -> bytes:
    return json.dumps(json.loads((PAYLOADS / name).read_text())["response"]).encode()


@pytest.mark.parametrize("name", ["oauth_token__success.json", "oauth_token__success_2.json"])
def test_the_documented_answers_are_understood(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, payload(name))
    old = tokens(url="https://portal.bitrix24.com")
    found = server(tmp_path).renew(old)
    assert found.access
    assert found.refresh
    assert found.access_ends_at - found.got_at == timedelta(hours=1)
    assert found.login_ends_at == found.got_at + timedelta(days=180)
    assert found.facts["member_id"] == "a223c6b3710f85df22e9377d6c4f7553"
    assert found.facts["url"] == old.facts["url"]
    assert address_of(found) == "https://portal.bitrix24.com"
    address, query = wire.asked[0]
    assert address == "https://oauth.bitrix24.tech/oauth/token/"
    assert query.keys() == {"grant_type", "client_id", "client_secret", "refresh_token"}


@pytest.mark.parametrize(
    ("told", "configured", "asked"),
    [
        ("https://oauth.bitrix.info/rest/", AUTH_SERVER, "https://oauth.bitrix.info"),
        ("https://oauth.bitrix24.tech/rest/", AUTH_SERVER, "https://oauth.bitrix24.tech"),
        ("https://evil.example/rest/", AUTH_SERVER, AUTH_SERVER),
        ("http://oauth.bitrix.info/rest/", AUTH_SERVER, AUTH_SERVER),
        ("https://oauth.bitrix.info/rest/", "https://box.example", "https://box.example"),
        ("", AUTH_SERVER, AUTH_SERVER),
    ],
)
def test_only_the_vendors_own_servers_are_believed(
    told: str, configured: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, payload("oauth_token__success.json"))
    server(tmp_path, configured).renew(tokens(server_endpoint=told))
    assert wire.asked[0][0] == f"{asked}/oauth/token/"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (payload("oauth_token__error_invalid_grant.json"), 400, GrantError),
        (payload("oauth_token__error.json"), 402, AuthError),
        (payload("oauth_token__error_invalid_request.json"), 400, AuthError),
        (b'{"error": "INVALID_CLIENT"}', 401, AuthError),
        (b'{"error": "wrong_client"}', 200, AuthError),
        (b'{"error": "NOT_INSTALLED"}', 400, AuthError),
        (b'{"error": "slow_down"}', 429, RetryableError),
        (b'{"error": "internal_server_error"}', 500, LostAnswerError),
        (b"<html></html>", 200, LostAnswerError),
        (b"<html></html>", 502, LostAnswerError),
        (b"<html></html>", 403, RetryableError),
        (b"", 302, RetryableError),
        (b"[]", 200, LostAnswerError),
        (b'{"access_token": "abc"}', 200, LostAnswerError),
        (b'{"access_token": "abc", "refresh_token": null}', 200, LostAnswerError),
    ],
)
def test_what_is_no_pair_has_its_meaning(
    body: bytes,
    status: int,
    kind: type[RemoteError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Wire(monkeypatch, body, status)
    with pytest.raises(RemoteError) as told:
        server(tmp_path).renew(tokens())
    assert type(told.value) is kind
    assert "CANARY" not in str(told.value)


def test_an_installation_that_is_not_finished_is_told(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        entered(box, tmp_path / "data", clock) as client,
        closing(client),
    ):
        box.portal.oauth.finished = False
        assert failing(client) == {"installation"}
        assert "no events" in lines(client)["installation"].detail
