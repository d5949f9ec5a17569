"""What the account's refusals mean: statuses and bodies become our error classes here alone.

Only status, content type and keys decide: titles and details are localised.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors.answer import Answer
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
)

BAN_S = 600.0
"""How long an account is left alone that answers with a page of HTML: a ban is lifted by hand."""

BUSY_S = 300.0
"""The pause after 429 where the body tells none: the one of the documentation."""

UNPAID_S = 3600.0

_NEW_LOGIN = (
    "Create a private integration as an administrator (amoMarket - Web hooks - Create"
    " integration), copy its long-lived token, store it with `merilo secrets set`,"
    " then run `merilo check`."
)
_RIGHTS = (
    "The integration must belong to an administrator; an external integration sees no users."
    " Check also the list of allowed addresses in the account's settings."
)


class ExpiredError(AuthError):
    """401: the token is not good (any more); where it can be renewed, that is tried once."""


def open_body(answer: Answer) -> dict[str, Any]:
    """The body of a good answer, {} for none (204); raises what `classify` makes of any other."""
    if answer.status == 204:
        return {}
    body = _parse(answer.body)
    if 200 <= answer.status < 300 and isinstance(body, dict):
        return body
    raise classify(answer, body if isinstance(body, dict) else None)


def classify(answer: Answer, body: Mapping[str, Any] | None) -> RemoteError:
    """The error for a refusal; `body` is the JSON object in it, None for anything else."""
    if 300 <= answer.status < 400:
        return _redirected(answer)
    if answer.status == 429:
        return _too_fast(answer, body or {})
    if answer.status == 403 and body is None:
        return _banned(answer)
    if answer.status in _AUTH and body is not None:
        kind, what, todo = _AUTH[answer.status]
        return kind(f"{what} ({_said(answer, body)}).", todo=todo)
    if 400 <= answer.status < 500 and body is not None:
        return RejectedError(
            f"The account refused {_said(answer, body)}.", code=_code(answer, body)
        )
    what = f"The account failed with HTTP {answer.status} ({_said(answer, body or {})})."
    return LostAnswerError(what, retry_after=answer.retry_after_s)


_AUTH: Mapping[int, tuple[type[AuthError], str, str]] = {
    401: (
        ExpiredError,
        "The account does not accept the token: wrong, expired or revoked",
        _NEW_LOGIN,
    ),
    402: (
        AuthError,
        "The account's subscription has ended",
        "Pay for the account, then run `merilo check`.",
    ),
    403: (AuthError, "The account denies access", _RIGHTS),
}


def _banned(answer: Answer) -> RetryableError:
    at = answer.served_at
    when = f" at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
    return RetryableError(
        f"{urlsplit(answer.shown_url).netloc} has blocked the API{when}: it answers every request"
        " with a page of HTML (HTTP 403).",
        did="It is left alone; one request every ten minutes looks whether that is over.",
        todo="Only amoCRM support lifts it: tell them the account, this machine's address"
        " and the time. Other widgets of the account may be the cause.",
        retry_after=BAN_S,
    )


def _too_fast(answer: Answer, body: Mapping[str, Any]) -> RetryableError:
    told = (_seconds(body.get("retry_after")), answer.retry_after_s or 0.0)
    return RetryableError(
        f"The account's limit of requests is reached ({answer.shown_url}).",
        retry_after=max(told) or BUSY_S,
    )


def _redirected(answer: Answer) -> RetryableError:
    return RetryableError(
        f"{answer.shown_url}: the account sends us to {answer.sent_to} (HTTP {answer.status}).",
        did="It was not followed: the token is given to nobody but the host in the settings.",
        todo=f"If the account was renamed, set `url` of the source to https://{answer.sent_to}.",
        retry_after=BAN_S,
    )


def _code(answer: Answer, body: Mapping[str, Any]) -> str:
    """The first code of the validator, else the status."""
    for found in as_list(body.get("validation-errors")):
        for error in as_list(as_map(found).get("errors")):
            if code := as_map(error).get("code"):
                return str(code)
    return str(answer.status)


def _said(answer: Answer, body: Mapping[str, Any]) -> str:
    words = [str(body.get("detail") or body.get("title") or answer.status)]
    for found in as_list(body.get("validation-errors")):
        for error in as_list(as_map(found).get("errors")):
            words.append(f"{as_map(error).get('path')}: {as_map(error).get('detail')}")
    words += [f"{key}: {text}" for key, text in as_map(body.get("errors")).items()]
    if trace := body.get("trace_id"):
        words.append(f"trace_id {trace}")
    return f"{urlsplit(answer.shown_url).path}: {'; '.join(words[:5])}"


def as_map(value: Any) -> dict[str, Any]:
    """A map as PHP sends it: an empty one arrives as []."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A list, an empty one for null and for anything else."""
    return value if isinstance(value, list) else []


def _parse(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _seconds(value: Any) -> float:
    try:
        return min(max(float(value), 0.0), 86_400.0)
    except (TypeError, ValueError):
        return 0.0
