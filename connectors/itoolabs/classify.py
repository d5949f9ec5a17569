"""What an exchange's refusals mean: statuses become our error classes here alone."""

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
    ScopeError,
)

BUSY_S = 60.0
"""The pause after 429 where none is told: one request a minute is what others ask."""

MOVED_S = 600.0

_KEY = (
    "Copy the key from the exchange's cabinet (Settings - Integration with a CRM - the key for"
    " requests to the exchange), store it with `merilo secrets set`, then run `merilo check`."
)
_EXPORT = (
    "Ask the operator to switch on the export of the call history for this account;"
    " with some it is an option of the tariff. Then run `merilo check`."
)
_ADDRESS = "`url` is the address of the account, such as https://example.megapbx.ru."


def open_body(answer: Answer) -> Any:
    """The JSON of a good answer; raises what `classify` makes of any other."""
    if 200 <= answer.status < 300:
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, RecursionError):
            raise LostAnswerError(
                f"{answer.shown_url}: the exchange answered with something else than JSON.",
                todo=_ADDRESS,
            ) from None
    raise classify(answer)


def classify(answer: Answer) -> RemoteError:
    """The error for a refusal; bodies are not read: nothing is known of them."""
    path = urlsplit(answer.shown_url).path
    if answer.status in (401, 403):
        what = f"The exchange does not accept the key (HTTP {answer.status})."
        return AuthError(what, did="No more requests are sent.", todo=_KEY)
    if answer.status == 501:
        return ScopeError(
            f"The exchange does not export its call history ({path}, HTTP 501).",
            did="Calls stay unread; they are shown as unknown, not as none.",
            todo=_EXPORT,
        )
    if answer.status in (429, 503):
        return RetryableError(
            f"The exchange is busy (HTTP {answer.status}).",
            retry_after=answer.retry_after_s or (BUSY_S if answer.status == 429 else None),
        )
    if 300 <= answer.status < 400:
        return _redirected(answer)
    if answer.status < 500:
        return RejectedError(
            f"The exchange refused {path} (HTTP {answer.status}).",
            code=str(answer.status),
            todo=_ADDRESS,
        )
    return LostAnswerError(
        f"The exchange failed with HTTP {answer.status} ({path}).",
        retry_after=answer.retry_after_s,
    )


def _redirected(answer: Answer) -> RetryableError:
    return RetryableError(
        f"{answer.shown_url}: the exchange sends us to {answer.sent_to} (HTTP {answer.status}).",
        did="It was not followed: the key is given to nobody but the host in the settings.",
        todo=_ADDRESS,
        retry_after=MOVED_S,
    )
