"""b24pysdk, the vendor's own client, logs in and renews its tokens against the sandbox."""

import gc
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from b24pysdk import BitrixAppLocal, BitrixToken, BitrixWebhook, Client  # type: ignore[import-untyped]
from b24pysdk.api.requesters.bitrix_oauth_requester import (  # type: ignore[import-untyped]
    BitrixOAuthRequester,
)
from b24pysdk.errors import BitrixAPIError, BitrixRequestError  # type: ignore[import-untyped]
from b24pysdk.errors.oauth import (  # type: ignore[import-untyped]
    BitrixOAuthInvalidClient,
    BitrixOAuthInvalidGrant,
    BitrixOauthWrongClient,
)

from sandbox.server import Box, start_sandbox


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """A small company behind TLS, whose authorisation server the client is told."""
    with start_sandbox("bitrix24", scale="tiny", seed=3, tls=True) as box:
        assert box.ca_bundle is not None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", box.ca_bundle)
        monkeypatch.setattr(BitrixOAuthRequester, "_OAUTH_TOKEN_URL", f"{box.url}/oauth/token/")
        yield box


def code(portal: Box) -> str:
    """Agrees in the browser."""
    oauth = portal.portal.oauth
    place = oauth.consent(oauth.client_id, "state", portal.url, portal.portal.access.scopes)
    return parse_qs(urlsplit(place).query)["code"][0]


@pytest.fixture
def application(portal: Box) -> BitrixAppLocal:
    oauth = portal.portal.oauth
    return BitrixAppLocal(
        domain=portal.url.removeprefix("https://"),
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
    )


@pytest.fixture
def token(portal: Box, application: BitrixAppLocal) -> BitrixToken:
    found = application.get_oauth_token(code=code(portal)).oauth_token
    return BitrixToken(
        domain=application.domain,
        auth_token=found.access_token,
        refresh_token=found.refresh_token,
        bitrix_app=application,
    )


def test_a_code_brings_tokens_that_read(portal: Box, token: BitrixToken) -> None:
    rows = list(Client(token).crm.deal.list(select=["ID"]).as_list().result)
    assert len(rows) > 10
    assert portal.log[0].method == "oauth.token"


def test_an_expired_token_is_renewed_and_the_old_one_is_spent(
    portal: Box, token: BitrixToken
) -> None:
    before = token.refresh_token
    portal.portal.oauth.expire()
    assert Client(token).server.time().result
    assert token.refresh_token != before
    token.refresh_token = before
    portal.portal.oauth.expire()
    with pytest.raises(BitrixOAuthInvalidGrant):
        _ = Client(token).server.time().response


def test_a_renamed_portal_is_recognised(portal: Box, token: BitrixToken) -> None:
    portal.portal.oauth.moved_to = token.domain.replace("127.0.0.1", "localhost")
    with pytest.raises(BitrixRequestError):  # it takes the host of the new address, not the port
        _ = Client(token).server.time().response
    assert token.domain == "localhost"
    gc.collect()  # its error holds the connection that was redirected


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"client_secret": "other"}, BitrixOauthWrongClient),
        ({"client_id": "other"}, BitrixOAuthInvalidClient),
    ],
)
def test_a_wrong_client_is_named_as_documented(
    change: dict[str, str], kind: type[Exception], portal: Box, application: BitrixAppLocal
) -> None:
    fresh = code(portal)
    for name, value in change.items():
        setattr(application, name, value)
    with pytest.raises(kind):
        application.get_oauth_token(code=fresh)


def test_only_an_application_is_told_about_itself(portal: Box, token: BitrixToken) -> None:
    assert Client(token).app.info().result["INSTALLED"] is True
    webhook = Client(BitrixWebhook(domain=token.domain, webhook_token=portal.webhook))
    with pytest.raises(BitrixAPIError, match="Application context required"):
        _ = webhook.app.info().response
    token.auth_token, token.refresh_token = "unknown", None
    with pytest.raises(BitrixAPIError):
        _ = Client(token).server.time().response
