"""A sandbox portal entered as a local application, with a vault of its own."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from config.secret import SecretStore, open_secrets
from config.secret_ref import SecretRef
from config.settings import SecretsSection
from connectors.base import ClientOptions
from connectors.bitrix24.client import Bitrix24Client, connect
from connectors.bitrix24.login import Bitrix24Login, make_login
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.token import Tokens
from connectors.token_store import TokenStore, open_tokens
from sandbox.server import Box
from tests.connectors.clock import FakeClock

VAULT = SecretsSection(backend="vault", master_key="generated")


def app_settings(box: Box, **more: Any) -> Bitrix24Settings:
    return Bitrix24Settings(
        connector="bitrix24",
        url=more.pop("url", box.url),
        auth="oauth",
        client_id=box.portal.oauth.client_id,
        client_secret=SecretRef("env", "CLIENT_SECRET"),
        auth_server=box.url,
        **more,
    )


def app_options(box: Box, folder: Path, clock: FakeClock | None = None) -> ClientOptions:
    clock = clock or FakeClock()
    folder.mkdir(mode=0o700, exist_ok=True)
    return ClientOptions(
        source="main",
        secret=lambda _ref: box.portal.oauth.client_secret,
        clock=clock,
        sleep=clock.sleep,
        data_dir=folder,
        vault=vault(folder),
    )


def vault(folder: Path) -> SecretStore:
    return open_secrets(VAULT, folder, {})


def tokens_of(box: Box, options: ClientOptions) -> TokenStore:
    return open_tokens(options, box.portal.oauth.client_secret)


def consent(address: str) -> dict[str, str]:
    """Agrees in the browser; what the browser's next address says."""
    place = httpx.get(address, follow_redirects=False).headers["location"]
    return dict(parse_qsl(urlsplit(place).query))


def login_to(box: Box, options: ClientOptions, **more: Any) -> Bitrix24Login:
    login = make_login(app_settings(box, **more), options)
    assert login is not None
    return login


def log_in(box: Box, options: ClientOptions) -> Tokens:
    """Logs in as `merilo login` does."""
    login = login_to(box, options)
    login.redeem(consent(login.address("state")))
    return tokens_of(box, options).current()


@contextmanager
def entered(
    box: Box, folder: Path, clock: FakeClock | None = None, **more: Any
) -> Iterator[Bitrix24Client]:
    """A client of the portal, logged in unless there is a login in the folder already."""
    options = app_options(box, folder, clock)
    if tokens_of(box, options).find() is None:
        log_in(box, options)
    with closing(connect(app_settings(box, **more), options)) as client:
        yield client


def asked(box: Box, method: str) -> list[Mapping[str, Any]]:
    """The requests of a method that the portal saw."""
    return [record.plain() for record in box.log if record.method == method]
