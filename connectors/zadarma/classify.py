"""What the vendor's refusals mean: statuses and bodies become our error classes here alone."""

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

BUSY_S = 60.0
"""The pause after 429 where none is told: limits are counted by the minute."""

MOVED_S = 600.0

_LONGEST_S = 900.0

_KEY = (
    "Create a key in the cabinet (Settings - Integrations and API - Keys and API), store key and"
    " secret with `merilo secrets set`, then run `merilo check`."
)


def open_body(answer: Answer) -> dict[str, Any]:
    """The JSON of an answer that says success; raises what `classify` makes of any other."""
    body = answer.json_object()
    if 200 <= answer.status < 300:
        if body is None:
            what = f"{answer.shown_url}: the answer is no JSON object."
            raise LostAnswerError(what, todo="Check `url`: https://api.zadarma.com, say.")
        if body.get("status") == "success":
            return body
    raise classify(answer, body or {})


def classify(answer: Answer, body: Mapping[str, Any]) -> RemoteError:
    """The error for a refusal; `body` is the JSON object in it, if there is one."""
    path = urlsplit(answer.shown_url).path
    said = f"{path}: {str(body.get('message') or answer.status)[:200]}"
    if answer.status in (401, 403):
        what = f"The account does not accept the key, or what it signed ({said})."
        return AuthError(what, did="No more requests are sent.", todo=_KEY)
    if answer.status == 429:
        what = f"The account's limit of requests is reached ({said})."
        return RetryableError(what, retry_after=reset_s(answer) or BUSY_S)
    if 300 <= answer.status < 400:
        return RetryableError(
            f"{path}: we are sent to another page (HTTP {answer.status}).",
            did="It was not followed: the key is given to nobody but the host in the settings.",
            todo="Check `url` of the source.",
            retry_after=MOVED_S,
        )
    if answer.status >= 500:
        what = f"The account failed with HTTP {answer.status} ({said})."
        return LostAnswerError(what, retry_after=answer.retry_after_s)
    return RejectedError(f"The account refused {said}.", code=str(answer.status))


def reset_s(answer: Answer) -> float:
    """Seconds until the limit counts anew, as the X-RateLimit headers tell; 0 if they do not.

    The vendor tells a unix moment; a small number can only be seconds.
    """
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return answer.retry_after_s or 0.0
    if reset > _LONGEST_S:
        reset -= answer.served_at.timestamp() if answer.served_at else reset
    return min(max(reset, 0.0), _LONGEST_S)


def is_spent(answer: Answer) -> bool:
    """Whether this was the last request that the limit allows for now."""
    return answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
