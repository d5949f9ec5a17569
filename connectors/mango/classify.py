"""What Mango's refusals mean: statuses and result codes become our error classes here alone."""

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
)

DONE = 1000
WRONG_SIGN = 3101

_LOGIN = (
    "Compare the unique code and the key for signatures with the exchange's cabinet (Integrations -"
    " API), store them with `merilo secrets set`, wait two minutes, then run `merilo check`."
    " If they are right, another program with the same code sends wrong requests."
)
_LEFT_ALONE = "Nothing more is sent: after a wrong request the account is locked for two minutes."
_UNPAID = "Look in the exchange's cabinet whether it is paid for and the API is switched on."


class WrongRequestError(RejectedError):
    """The request itself was refused: the account is locked now."""


class ExpiredKeyError(RejectedError):
    """A report is not (any more) kept under this key: it is ordered again."""


def open_body(answer: Answer) -> dict[str, Any]:
    """The body of a good answer, {} for "not ready" (204); raises the error of any other."""
    if answer.status == 204:
        return {}
    body = answer.json_object()
    if answer.status == 200 and body is not None:
        code = _code(body)
        if code == DONE:
            return body
        raise _refused(answer, code)
    raise classify(answer)


def classify(answer: Answer) -> RemoteError:
    """The error for a status that is not good."""
    place = urlsplit(answer.shown_url).path
    if answer.status == 401:
        what = "Mango Office does not accept the request: wrong code or key, or a lock (HTTP 401)."
        return AuthError(what, did=_LEFT_ALONE, todo=_LOGIN)
    if answer.status in (402, 403):
        return AuthError(f"Mango Office denies access (HTTP {answer.status}).", todo=_UNPAID)
    if answer.status == 404:
        what = f"Mango Office knows nothing at {place} (HTTP 404)."
        return ExpiredKeyError(what, code="404", todo="Check `url` of the source.")
    if answer.status == 429:
        what = f"Mango Office's limit of requests is reached ({place})."
        return RetryableError(what, retry_after=answer.retry_after_s)
    if 300 <= answer.status < 400:
        return RetryableError(
            f"{place}: Mango Office sends us elsewhere (HTTP {answer.status}).",
            did="It was not followed: requests are signed for nobody else.",
            todo="Check `url` of the source.",
        )
    if 400 <= answer.status < 500:
        what = f"Mango Office refused {place} (HTTP {answer.status})."
        return WrongRequestError(what, code=str(answer.status))
    what = f"Mango Office failed at {place} with HTTP {answer.status}, or without JSON."
    return LostAnswerError(what, retry_after=answer.retry_after_s)


def _refused(answer: Answer, code: int) -> RemoteError:
    """The error for a result code (VPBX API, "Коды результатов")."""
    what = f"Mango Office refused {urlsplit(answer.shown_url).path} with the code {code}."
    if code == WRONG_SIGN:
        return AuthError(what, did=_LEFT_ALONE, todo=_LOGIN)
    if 2000 <= code < 3000:
        return AuthError(what, did="The source is paused.", todo=_UNPAID)
    if code >= 4000:
        return RetryableError(what)
    return WrongRequestError(what, code=str(code))


def is_wrong(error: RemoteError) -> bool:
    """Whether the account is locked after this refusal."""
    return isinstance(error, AuthError | WrongRequestError)


def _code(body: Mapping[str, Any]) -> int:
    """The result code; lists of settings and keys of reports come without one."""
    try:
        return int(body.get("result", DONE))
    except (TypeError, ValueError):
        return DONE
