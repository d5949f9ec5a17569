"""What the portal's refusals mean: vendor codes become our error classes here and nowhere else.

Codes and statuses: _includes/system-errors.md. A code decides, the HTTP status is only a hint,
because documents and SDKs disagree about it; case is ignored for the same reason.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.answer import Answer
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
    ScopeError,
)

PROBE_S = 600.0
"""How long to leave a portal alone that answers with something else than REST."""

_NEW_WEBHOOK = (
    "Create an inbound webhook (Developer resources - Other - Inbound webhook, «Разработчикам»),"
    " store `<user id>/<code>` with `merilo secrets set`, then run `merilo check`."
)
_LICENCE = "Restore the portal's licence or its access to REST, then run `merilo check`."
_VENDOR = "Ask Bitrix24 support to lift it, then run `merilo check`."

_AUTH: Mapping[str, tuple[str, str]] = {
    "no_auth_found": ("The portal does not know this webhook: wrong or deleted", _NEW_WEBHOOK),
    "invalid_credentials": ("The portal refuses this webhook: wrong or deleted", _NEW_WEBHOOK),
    "invalid_token": ("The portal refuses this webhook: wrong or deleted", _NEW_WEBHOOK),
    "authorization_error": ("The portal refuses this webhook", _NEW_WEBHOOK),
    "expired_token": ("The webhook has expired", _NEW_WEBHOOK),
    "user_access_error": ("The webhook's owner may not use the portal", _NEW_WEBHOOK),
    "wrong_auth_type": ("This method is not for webhooks", "Report this to Merilo's authors."),
    "application_not_found": ("The portal does not know this application", _NEW_WEBHOOK),
    "not_installed": ("The application is not installed", _NEW_WEBHOOK),
    "payment_required": ("The portal's subscription has ended", _LICENCE),
    "portal_deleted": ("The portal has been deleted", "Correct `url`, or remove the source."),
    "overload_limit": ("The vendor has blocked the portal's REST for overload", _VENDOR),
}

_GONE = "The portal does not know this login: the application was deleted or installed anew"
_OF_APP: Mapping[str, str] = {
    "no_auth_found": _GONE,
    "invalid_credentials": _GONE,
    "invalid_token": _GONE,
    "authorization_error": _GONE,
    "error_oauth": _GONE,
    "application_not_found": _GONE,
    "not_installed": _GONE,
    "user_access_error": "The user who logged in may not use the portal",
}
"""What a new login mends, where the portal is entered as an application."""

_BUSY = {
    "query_limit_exceeded": "The portal's limit of requests is reached",
    "operation_time_limit": "The portal's limit of run time for this method is reached",
    "internal_server_error": "The portal failed inside",
    "error_unexpected_answer": "The portal failed inside",
}
_NOT_EXECUTED = {"query_limit_exceeded", "operation_time_limit"}
"""Checked before a command runs, so even a write was certainly not applied (limits.md)."""

_TELEPHONY_RIGHT = (
    "Give the {user} the right to view call statistics (Telephony - Settings - Access permissions)."
)


class ExpiredError(AuthError):
    """The access token has lived its hour: nothing was carried out, the pair is to be renewed."""


class StrangerError(AuthError):
    """The access token is not known (any more); there may be a newer one on this machine."""


class MovedError(RetryableError):
    """The portal was renamed and sends us to `address` (scheme and host), which may be anybody."""

    def __init__(self, what: str, *, did: str, todo: str, address: str) -> None:
        super().__init__(what, did=did, todo=todo, retry_after=PROBE_S)
        self.address = address


def classify(
    code: Any, text: Any, method: str, status: int | None = None, *, login: str = ""
) -> RemoteError:
    """The error for one refusal; `text` is the portal's own, localised description.

    `login`: how to log in anew, where the portal is entered as an application.
    """
    name, words = str(code).strip().casefold(), str(text or "").strip()
    said = f"{method}: {words or name}"
    if login and name == "expired_token":
        return ExpiredError(f"The access token has expired ({method}).", todo=login)
    if login and name in _OF_APP:
        return StrangerError(f"{_OF_APP[name]} ({method}: {name}).", todo=login)
    if name in _AUTH:
        what, todo = _AUTH[name]
        return AuthError(f"{what} ({method}: {name}).", todo=todo)
    if name == "insufficient_scope":
        return _missing_scope(method, login)
    if name == "access_denied" or "access denied" in words.casefold().replace("_", " "):
        return _denied(method, words, login)
    if name in _BUSY:
        kind = RetryableError if name in _NOT_EXECUTED else LostAnswerError
        return kind(f"{_BUSY[name]} ({said}).")
    if status is not None and (status >= 500 or status == 429):
        return LostAnswerError(f"The portal failed with HTTP {status} ({said}).")
    if not name.strip("0") and "not found" in words.casefold():
        return RejectedError(f"The portal refused {said}.", code="NOT_FOUND")
    return RejectedError(f"The portal refused {said}.", code=str(code).strip())


def classify_foreign(answer: Answer) -> RemoteError:
    """The error for an answer that is no REST envelope: a redirect, a web page, a cut body."""
    if 300 <= answer.status < 400:
        return _redirected(answer)
    kind = "an HTML page" if _looks_html(answer.body) else "something that is not JSON"
    what = f"{answer.shown_url}: the portal serves {kind} instead of data (HTTP {answer.status})."
    todo = "Open the portal in a browser: it may be under maintenance or blocked. Check `url`."
    if answer.status in (401, 403, 404, 407):
        return RetryableError(what, todo=todo, retry_after=PROBE_S)
    return LostAnswerError(what, todo=todo, retry_after=answer.retry_after_s)


def scope_of(method: str) -> str:
    """The scope a webhook needs for a method (ref/scopes/permissions.md)."""
    if method.casefold().startswith("user.userfield."):
        return "user.userfield"
    family = method.split(".", 1)[0].casefold()
    return {"voximplant": "telephony", "tasks": "task"}.get(family, family)


def _missing_scope(method: str, login: str) -> ScopeError:
    scope, thing = scope_of(method), "application" if login else "webhook"
    return ScopeError(
        f"The {thing} lacks the scope `{scope}` that {method} needs.",
        todo=f"Open the {thing} in the portal, tick `{scope}`, save, then run `merilo check`.",
    )


def _denied(method: str, words: str, login: str) -> AuthError:
    user = "user who logged in" if login else "webhook's owner"
    todo = f"Give the {user} the right to read all CRM records, or let it be an administrator."
    if method.casefold().startswith("voximplant"):
        todo = _TELEPHONY_RIGHT.format(user=user)
    if re.search("commercial|plan|тариф|коммерческ", words, re.IGNORECASE):
        todo = _LICENCE
    said = words or "ACCESS_DENIED"
    return AuthError(f"The portal denies access to {method} ({said}).", todo=todo)


def _redirected(answer: Answer) -> MovedError:
    place = urlsplit(answer.headers.get("location", ""))
    host = place.netloc or "another page"
    return MovedError(
        f"{answer.shown_url}: the portal sends us to {host} (HTTP {answer.status}).",
        did="It was not followed: the secret is given to nobody but the host in the settings.",
        todo=f"If the portal was renamed, set `url` of the source to https://{host}.",
        address=f"{place.scheme}://{place.netloc}",
    )


def _looks_html(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"
