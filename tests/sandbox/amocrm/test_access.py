"""Who may come in: the long-lived token, OAuth with its single-use refresh token, rights."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import Client, documented


def exchange(desk: Client, **sent: str) -> httpx.Response:
    """Ask the token endpoint with the integration's own keys."""
    keys = {
        name: desk.box.credentials[name] for name in ("client_id", "client_secret", "redirect_uri")
    }
    return desk.http.post(f"{desk.box.url}/oauth2/access_token", json=keys | sent)


def enter(desk: Client) -> dict[str, Any]:
    """The first pair of tokens."""
    code = desk.box.account.access.authorize(desk.box.account.now())
    answer = exchange(desk, grant_type="authorization_code", code=code)
    assert answer.status_code == 200
    pair: dict[str, Any] = answer.json()
    return pair


def refresh(desk: Client, token: str) -> httpx.Response:
    return exchange(desk, grant_type="refresh_token", refresh_token=token)


def test_a_token_that_is_not_good_is_refused_as_documented(desk: Client) -> None:
    for header in ("Bearer nothing", desk.box.token, ""):
        answer = desk.http.get(f"{desk.box.url}/api/v4/account", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.json() == documented("error_401")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_revoked_long_lived_token_is_refused_and_a_new_one_is_not(desk: Client) -> None:
    old = desk.box.token
    desk.box.account.access.revoke_token()
    assert desk.ask("GET", "account", token=old).status_code == 401
    assert desk.box.account.access.renew_token() == desk.box.token != old
    assert desk.ask("GET", "account").status_code == 200


def test_a_code_gives_a_pair_as_documented_and_is_good_once(desk: Client) -> None:
    code = desk.box.account.access.authorize(desk.box.account.now())
    answer = exchange(desk, grant_type="authorization_code", code=code)
    assert set(answer.json()) == set(documented("oauth_code_exchange"))
    assert answer.headers["content-type"] == "application/json"
    assert desk.ask("GET", "account", token=answer.json()["access_token"]).status_code == 200
    again = exchange(desk, grant_type="authorization_code", code=code)
    assert again.status_code == 401


def test_a_code_ends_after_twenty_minutes(desk: Client, clock: Clock) -> None:
    code = desk.box.account.access.authorize(desk.box.account.now())
    clock.forward(minutes=20)
    assert exchange(desk, grant_type="authorization_code", code=code).status_code == 401


def test_consent_leads_back_to_the_integration_with_the_code(desk: Client) -> None:
    client_id = desk.box.credentials["client_id"]
    answer = desk.http.get(f"{desk.box.url}/oauth?client_id={client_id}&state=abc")
    place = urlsplit(answer.headers["location"])
    query = parse_qs(place.query)
    assert (answer.status_code, place.netloc) == (302, "agent.example")
    assert query["state"] == ["abc"]
    assert query["referer"] == [urlsplit(desk.box.url).netloc]
    assert exchange(desk, grant_type="authorization_code", code=query["code"][0]).status_code == 200
    assert desk.http.get(f"{desk.box.url}/oauth?client_id=other").status_code == 400


def test_an_access_token_ends_after_a_day_and_a_refresh_gives_the_next(
    desk: Client, clock: Clock
) -> None:
    pair = enter(desk)
    clock.forward(hours=24)
    assert desk.ask("GET", "account", token=pair["access_token"]).status_code == 401
    following = refresh(desk, pair["refresh_token"]).json()
    assert following["refresh_token"] != pair["refresh_token"]
    assert desk.ask("GET", "account", token=following["access_token"]).status_code == 200


def test_a_refresh_token_is_good_once(desk: Client) -> None:
    pair = enter(desk)
    following = refresh(desk, pair["refresh_token"]).json()
    again = refresh(desk, pair["refresh_token"])
    assert (again.status_code, again.json()) == (401, documented("oauth_refresh_reused_401"))
    assert refresh(desk, following["refresh_token"]).status_code == 200


def test_a_refresh_token_ends_after_three_months(desk: Client, clock: Clock) -> None:
    pair = enter(desk)
    clock.forward(days=90)
    assert refresh(desk, pair["refresh_token"]).status_code == 401


def test_a_lost_answer_has_used_the_refresh_token_up(desk: Client) -> None:
    pair = enter(desk)
    desk.box.faults.add("lost", method="POST oauth2/access_token")
    with pytest.raises(httpx.RemoteProtocolError):
        refresh(desk, pair["refresh_token"])
    assert refresh(desk, pair["refresh_token"]).status_code == 401


def test_a_refusal_before_the_exchange_leaves_the_refresh_token_good(desk: Client) -> None:
    pair = enter(desk)
    desk.box.faults.add("503", method="POST oauth2/access_token")
    assert refresh(desk, pair["refresh_token"]).status_code == 503
    assert refresh(desk, pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri"])
def test_wrong_keys_are_refused_and_use_nothing_up(desk: Client, name: str) -> None:
    pair = enter(desk)
    sent = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    assert exchange(desk, **sent, **{name: "other"}).status_code == 400
    assert refresh(desk, pair["refresh_token"]).status_code == 200


def test_a_disabled_integration_is_out_at_once(desk: Client) -> None:
    pair = enter(desk)
    desk.box.account.access.disabled = True
    assert desk.ask("GET", "account", token=pair["access_token"]).status_code == 401
    assert refresh(desk, pair["refresh_token"]).status_code == 400


def test_the_subdomain_is_told_to_who_has_a_refresh_token(desk: Client) -> None:
    pair = enter(desk)
    address = f"{desk.box.url}/oauth2/account/current/subdomain"
    answer = desk.http.get(address, headers={"X-Refresh-Token": pair["refresh_token"]})
    assert set(answer.json()) == set(documented("account_subdomain_by_refresh"))
    assert desk.http.get(address, headers={"X-Refresh-Token": "none"}).status_code == 401


def test_a_token_tells_its_claims(desk: Client) -> None:
    middle = desk.box.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["account_id"] == desk.box.account.id
    assert {"api_domain", "scopes", "sub", "exp"} <= set(claims)


@pytest.mark.parametrize("path", ["users", "roles", "webhooks"])
def test_some_lists_are_for_administrators_only(desk: Client, path: str) -> None:
    desk.box.account.access.admin = False
    answer = desk.ask("GET", path)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert desk.ask("GET", "leads/pipelines").status_code == 200


def test_an_account_that_is_not_paid_for_answers_402_to_everything(desk: Client) -> None:
    desk.box.account.access.paid = False
    answer = desk.ask("GET", "leads")
    assert (answer.status_code, answer.json()) == (402, documented("error_402"))


def test_addresses_and_methods_nobody_knows_are_refused(desk: Client) -> None:
    answer = desk.ask("GET", "example")
    assert answer.status_code == 404
    assert set(answer.json()) == set(documented("error_404"))
    assert desk.ask("DELETE", "leads").status_code == 405
    assert desk.ask("GET", "users/1").status_code == 404
