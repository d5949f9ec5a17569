"""Who gets in, and what every answer carries."""

import socket
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from config.error import ConfigError
from config.secret_ref import SecretRef
from config.settings import WebSection
from tests.canary import canary
from tests.web.site import served
from web.address import listen
from web.guard import Guard, guard_for
from web.health import SourceHealth

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGES = ("/", "/explain?manager=1&metric=revenue", "/api/board.json", "/?month=2026-10")


def health(state: str = "ok", reason: str = "") -> SourceHealth:
    return SourceHealth(name="main", state=state, since=NOW, reason=reason)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_needs_the_token(path: str) -> None:
    token = canary("web")
    with served(guard=Guard(token=token, hosts=None)) as client:
        refused = client.get(path)
        assert refused.status_code == 401
        assert "Анна" not in refused.text
        assert client.get(path, headers={"Authorization": "Bearer no"}).status_code == 401
        assert client.get(path, headers={"Cookie": f"merilo={token}"}).status_code == 401
        good = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert good.status_code == 200


def test_the_form_gives_a_cookie_that_does_not_tell_the_token() -> None:
    token = canary("form")
    with served(guard=Guard(token=token, hosts=None)) as client:
        with capture_logs() as logs:
            wrong = client.post("/login", data={"token": "no"})
        assert (wrong.status_code, [line["event"] for line in logs]) == (401, ["web.login_refused"])
        assert "Ключ не подошёл" in wrong.text
        right = client.post("/login", data={"token": token})
        cookie = right.headers["set-cookie"]
        assert right.status_code == 303
        assert token not in cookie
        assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
        assert client.get("/").status_code == 200


def test_a_form_on_another_site_cannot_sign_in() -> None:
    with served(guard=Guard(token="t" * 20, hosts=None)) as client:
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = client.post("/login", data={"token": "t" * 20}, headers=headers)
    assert answer.status_code == 403


def test_a_huge_form_is_refused() -> None:
    with served(guard=Guard(token="t" * 20, hosts=None)) as client:
        assert client.post("/login", content=b"token=" + b"x" * 100_000).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a@b"])
def test_a_strange_host_name_gets_nothing(host: str) -> None:
    with served() as client:
        answer = client.get("/", headers={"Host": host})
        assert answer.status_code == 403
        assert client.get("/api/board.json", headers={"Host": host}).status_code == 403
    assert "Анна" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8600", "127.0.0.1", "[::1]:8600", "kpi.example"])
def test_our_own_names_are_known(host: str) -> None:
    guard = guard_for(WebSection(public_url="https://kpi.example"), None)
    with served(guard=guard) as client:
        assert client.get("/", headers={"Host": host}).status_code == 200


def test_the_settings_decide_how_strict_the_door_is() -> None:
    inside = guard_for(WebSection(), None)
    assert (inside.hosts, inside.token, inside.secure) == (frozenset(), None, False)
    token = SecretRef("secret", "web-token")
    outside = guard_for(
        WebSection(listen="0.0.0.0:8600", token=token, public_url="https://kpi.example"), "value"
    )
    assert (outside.hosts, outside.token, outside.secure) == (None, "value", True)
    assert "value" not in repr(outside)


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/nowhere", "/static/board.css", "/login"])
def test_every_answer_carries_the_safety_headers(path: str) -> None:
    guard = Guard(frame_ancestors=("'self'", "https://example.bitrix24.ru"))
    with served(guard=guard) as client:
        headers = client.get(path).headers
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self' https://example.bitrix24.ru"
    assert "unsafe" not in headers["content-security-policy"]
    assert "x-frame-options" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_alive_is_not_the_same_as_ready() -> None:
    with served(states=[health("starting")]) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    with served(states=[health("paused", "The webhook was refused.")]) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "sources": {
            "main": {
                "state": "paused",
                "since": "2026-11-21T12:00:00+00:00",
                "reason": "The webhook was refused.",
            }
        },
    }


def test_strangers_learn_no_names_from_the_readiness() -> None:
    with served(guard=Guard(token="t" * 20, hosts=None), states=[health()]) as client:
        assert client.get("/readyz").json() == {"ready": True}


def test_a_busy_port_is_told_as_a_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"web.listen: 127.0.0.1:{port}"):
            listen("127.0.0.1", port)
