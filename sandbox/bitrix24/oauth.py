"""The vendor's authorisation server, for one portal and the local application added to it.

Pages: settings/oauth/index.md, auto-renewal.md, error-codes.md. A refresh token works once; which
error a spent one gets is documented (invalid_grant), the status is what both SDKs expect.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox.bitrix24.envelope import ApiError
from sandbox.php import Params

CODE_S = 30
ACCESS_S = 3600
REFRESH_S = 180 * 86_400


class OAuth:
    """Codes and tokens of one local application. `now` gives the portal's seconds.

    `redirect_uri` is what the application's card holds. `moved_to`: host and port the portal was
    renamed to. `finished`: the installer of an application with pages has run. `shown` counts how
    often each refresh token came, `spent` those that came after they had been used.
    """

    def __init__(self, now: Callable[[], float], seed: str) -> None:
        self._now = now
        self._chance = random.Random(seed)
        self.client_id = f"local.{self._word(14)}.{self._word(8)}"
        self.client_secret = self._word(50)
        self.application_token = self._word(32)
        self.member_id = self._word(32)
        self.redirect_uri = "https://merilo.example/login"
        self.moved_to = ""
        self.paid = True
        self.installed = True
        self.finished = True
        self.shown: Counter[str] = Counter()
        self.spent: list[str] = []
        self._codes: dict[str, float] = {}
        self._access: dict[str, float] = {}
        self._refresh: dict[str, float] = {}
        self._used: set[str] = set()

    # What a test or a person does to the application

    def expire(self) -> None:
        """Every access token has lived its hour."""
        self._access = dict.fromkeys(self._access, 0.0)

    def revoke(self) -> None:
        """Every refresh token is dead, as after half a year or when an administrator says so."""
        self._refresh.clear()

    def grant(self) -> dict[str, Any]:
        """A new pair, as a person's consent brings it."""
        access, refresh = self._word(70), self._word(70)
        self._access[access] = self._now() + ACCESS_S
        self._refresh[refresh] = self._now() + REFRESH_S
        return {"access_token": access, "refresh_token": refresh, "expires_in": ACCESS_S}

    def switch(self, what: str, to: str = "") -> None:
        """One of the things that happen to a login, by name; ValueError for an unknown one."""
        known: dict[str, Callable[[], object]] = {
            "expire": self.expire,
            "revoke": self.revoke,
            "delete": lambda: setattr(self, "installed", False),
            "add": lambda: setattr(self, "installed", True),
            "unpaid": lambda: setattr(self, "paid", False),
            "paid": lambda: setattr(self, "paid", True),
            "rename": lambda: setattr(self, "moved_to", to),
            "redirect_uri": lambda: setattr(self, "redirect_uri", to),
        }
        if what not in known:
            raise ValueError(f"unknown switch {what}; known: {sorted(known)}")
        known[what]()

    def install_form(self, origin: str) -> dict[str, str]:
        """What the portal posts to the installation path of an application without pages."""
        pair = self.grant()
        auth = {
            **pair,
            "domain": origin.partition("://")[2],
            "scope": "crm,telephony,user",
            "server_endpoint": f"{origin}/rest/",
            "status": "L",
            "client_endpoint": f"{origin}/rest/",
            "member_id": self.member_id,
            "application_token": self.application_token,
        }
        said = {"event": "ONAPPINSTALL", "data[VERSION]": "1", "ts": str(int(self._now()))}
        return said | {f"auth[{key}]": str(value) for key, value in auth.items()}

    # What the server answers

    def consent(self, client_id: str, state: str, origin: str, scopes: set[str]) -> str:
        """Where the browser is sent after consent; ApiError for an application nobody added."""
        if client_id != self.client_id:
            raise ApiError(404, "APPLICATION_NOT_FOUND", "Application not found")
        code = self._word(70)
        self._codes[code] = self._now() + CODE_S
        host = origin.partition("://")[2]
        answer = {
            "code": code,
            "state": state,
            "domain": self.moved_to or host,
            "member_id": self.member_id,
            "scope": ",".join(sorted(scopes)),
            "server_domain": host,
        }
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(answer)}"

    def token(self, params: Params, origin: str, scopes: set[str], user: int) -> dict[str, Any]:
        """A pair for a code or for a refresh token, which is spent thereby."""
        self._know_client(params)
        if not self.paid:
            raise ApiError(402, "PAYMENT_REQUIRED", "Payment required")
        kind = params.get("grant_type")
        if kind == "authorization_code":
            self._spend(self._codes, str(params.get("code", "")))
        elif kind == "refresh_token":
            self._renew(str(params.get("refresh_token", "")))
        else:
            raise ApiError(400, "invalid_request", "An unsupported grant type was requested")
        scheme, _, host = origin.partition("://")
        return self.grant() | {
            "expires": int(self._now()) + ACCESS_S,
            "scope": ",".join(sorted(scopes)),
            "domain": host,
            "server_endpoint": f"{origin}/rest/",
            "client_endpoint": f"{scheme}://{self.moved_to or host}/rest/",
            "status": "L",
            "member_id": self.member_id,
            "user_id": user,
        }

    def login(self, token: str) -> None:
        """Refuse a request whose access token is unknown or has expired."""
        if not token:
            raise ApiError(401, "NO_AUTH_FOUND", "Wrong authorization data")
        if not self.installed:
            raise ApiError(401, "ERROR_OAUTH", "Application not installed")
        ends_at = self._access.get(token)
        if ends_at is None:
            raise ApiError(401, "NO_AUTH_FOUND", "Wrong authorization data")
        if ends_at <= self._now():
            raise ApiError(401, "expired_token", "The access token provided has expired.")

    def _know_client(self, params: Params) -> None:
        if params.get("client_id") != self.client_id:
            raise ApiError(401, "invalid_client", "The client credentials are invalid")
        if params.get("client_secret") != self.client_secret:
            raise ApiError(200, "WRONG_CLIENT", "Wrong client")
        if not self.installed:
            raise ApiError(400, "NOT_INSTALLED", "Application not installed")

    def _renew(self, token: str) -> None:
        self.shown[token] += 1
        if token in self._used:
            self.spent.append(token)
        self._spend(self._refresh, token)
        self._used.add(token)

    def _spend(self, kept: dict[str, float], token: str) -> None:
        if kept.pop(token, 0.0) <= self._now():
            raise ApiError(400, "invalid_grant", "")

    def _word(self, length: int) -> str:
        return f"{self._chance.getrandbits(4 * length):0{length}x}"
