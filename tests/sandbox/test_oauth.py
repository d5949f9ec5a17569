"""The authorisation server of the sandbox: codes, pairs that rotate, refusals, a renamed portal."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.bitrix24.oauth import ACCESS_S, CODE_S, REFRESH_S
from sandbox.server import Box, start_sandbox
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="tiny", clock=clock) as box:
        yield box


def asked(box: Box, **query: str) -> httpx.Response:
    oauth = box.portal.oauth
    client = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    return httpx.get(f"{box.url}/oauth/token/", params={**client, **query})


def code(box: Box) -> str:
    query = {"client_id": box.portal.oauth.client_id, "state": "x&y"}
    place = httpx.get(f"{box.url}/oauth/authorize/", params=query).headers["location"]
    answer = {key: each[0] for key, each in parse_qs(urlsplit(place).query).items()}
    assert place.startswith(box.portal.oauth.redirect_uri)
    assert answer["state"] == "x&y"
    assert answer["member_id"] == box.portal.oauth.member_id
    return answer["code"]


def pair(box: Box) -> dict[str, Any]:
    return dict(asked(box, grant_type="authorization_code", code=code(box)).json())


def renewed(box: Box, refresh: str) -> httpx.Response:
    return asked(box, grant_type="refresh_token", refresh_token=refresh)


def call(box: Box, **params: str) -> httpx.Response:
    return httpx.post(f"{box.url}/rest/server.time.json", json=params)


def test_a_code_brings_a_pair_as_documented(box: Box) -> None:
    found = pair(box)
    assert found["expires_in"] == ACCESS_S
    assert found["client_endpoint"] == f"{box.url}/rest/"
    assert found["domain"] == box.url.removeprefix("http://")
    assert call(box, auth=found["access_token"]).status_code == 200


def test_a_code_lives_half_a_minute_and_works_once(box: Box, clock: Clock) -> None:
    once, late = code(box), code(box)
    assert asked(box, grant_type="authorization_code", code=once).status_code == 200
    again = asked(box, grant_type="authorization_code", code=once)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    clock.forward(seconds=CODE_S)
    assert asked(box, grant_type="authorization_code", code=late).status_code == 400


def test_an_access_token_lives_an_hour(box: Box, clock: Clock) -> None:
    token = pair(box)["access_token"]
    clock.forward(seconds=ACCESS_S - 1)
    assert call(box, auth=token).status_code == 200
    clock.forward(seconds=1)
    answer = call(box, auth=token)
    assert (answer.status_code, answer.json()["error"]) == (401, "expired_token")


def test_a_refresh_token_works_once_and_lives_half_a_year(box: Box, clock: Clock) -> None:
    first = pair(box)["refresh_token"]
    second = renewed(box, first).json()["refresh_token"]
    assert renewed(box, first).json()["error"] == "invalid_grant"
    assert box.portal.oauth.spent == [first]
    clock.forward(seconds=REFRESH_S)
    assert renewed(box, second).status_code == 400


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"client_id": "local.other"}, 401, "invalid_client"),
        ({"client_secret": "other"}, 200, "WRONG_CLIENT"),
        ({"grant_type": "password"}, 400, "invalid_request"),
    ],
)
def test_refusals_have_their_documented_words(
    query: dict[str, str], status: int, error: str, box: Box
) -> None:
    answer = asked(box, **query)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    ("switch", "error"), [("paid", "PAYMENT_REQUIRED"), ("installed", "NOT_INSTALLED")]
)
def test_a_licence_and_an_application_may_end(switch: str, error: str, box: Box) -> None:
    refresh = pair(box)["refresh_token"]
    setattr(box.portal.oauth, switch, False)
    assert renewed(box, refresh).json()["error"] == error
    setattr(box.portal.oauth, switch, True)
    assert renewed(box, refresh).status_code == 200


def test_requests_without_a_known_token_are_refused(box: Box) -> None:
    assert call(box).json()["error"] == "NO_AUTH_FOUND"
    assert call(box, auth="unknown").json()["error"] == "NO_AUTH_FOUND"
    token = pair(box)["access_token"]
    box.portal.oauth.installed = False
    assert call(box, auth=token).json()["error"] == "ERROR_OAUTH"


def test_an_unknown_application_gets_a_page_and_no_way_back(box: Box) -> None:
    answer = httpx.get(f"{box.url}/oauth/authorize/", params={"client_id": "local.other"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_renamed_portal_sends_everybody_to_its_new_host(box: Box) -> None:
    token = pair(box)
    moved = box.url.replace("http://127.0.0.1", "localhost")
    box.portal.oauth.moved_to = moved
    for path in ("rest/server.time", f"rest/{box.webhook}/server.time"):
        answer = httpx.post(f"{box.url}/{path}", json={"auth": token["access_token"]})
        assert answer.status_code == 302
        assert answer.headers["location"] == f"http://{moved}/{path}"
    there = httpx.post(f"http://{moved}/rest/server.time", json={"auth": token["access_token"]})
    assert there.status_code == 200
    told = renewed(box, token["refresh_token"]).json()
    assert told["client_endpoint"] == f"http://{moved}/rest/"


def test_requests_for_tokens_suffer_faults_and_stand_in_the_log_without_secrets(box: Box) -> None:
    box.faults.add_text("500:oauth.token")
    assert renewed(box, "x").status_code == 500
    assert renewed(box, "x").status_code == 400
    assert [record.error for record in box.log] == ["INTERNAL_SERVER_ERROR", "invalid_grant"]
    assert box.portal.oauth.client_secret not in repr(list(box.log))


def test_the_credentials_are_all_that_a_client_needs(box: Box) -> None:
    told = box.credentials
    assert told["auth_server"] == told["url"] == box.url
    assert told["client_id"] == box.portal.oauth.client_id
    assert told["client_secret"] == box.portal.oauth.client_secret


def test_the_switches_of_a_login_are_within_reach_of_other_processes(box: Box) -> None:
    def switch(**sent: str) -> httpx.Response:
        return httpx.post(f"{box.url}/_sandbox/oauth", json=sent)

    found = pair(box)
    assert switch(do="expire").json() == {"done": "expire"}
    assert call(box, auth=found["access_token"]).json()["error"] == "expired_token"
    for what, error in (("unpaid", "PAYMENT_REQUIRED"), ("delete", "NOT_INSTALLED")):
        assert switch(do=what).status_code == 200
        assert renewed(box, found["refresh_token"]).json()["error"] == error
    assert switch(do="add").is_success
    assert switch(do="paid").is_success
    assert switch(do="revoke").is_success
    assert renewed(box, found["refresh_token"]).json()["error"] == "invalid_grant"
    assert switch(do="redirect_uri", to="http://localhost:8700/").is_success
    assert code(box)
    assert switch(do="rename", to="localhost:1").is_success
    assert call(box).status_code == 302
    assert switch(do="nonsense").status_code == 400
    form = httpx.get(f"{box.url}/_sandbox/oauth").json()
    assert form["event"] == "ONAPPINSTALL"
    assert renewed(box, form["auth[refresh_token]"]).status_code == 200
