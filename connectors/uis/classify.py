"""What the Data API's refusals mean; they come with HTTP 200 and are told by their mnemonic.

Source: the official page of the Data API, lists of errors. Neither `message` nor `value` is shown:
the latter repeats what was sent.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from connectors.answer import LONGEST_S, Answer
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
    ScopeError,
)

AWAY_S = 600.0
_MINUTE_S = 60.0
_KINDS = ("minute", "day")
_KEPT = "Nothing was changed; what was read before is kept."

_KEY = (
    "Make a new key in the cabinet (Account - User management), store it with `merilo secrets set`,"
    " then run `merilo check`. A key of one brand is no good at the address of another."
)
_WHITE_LIST = (
    "Add this machine's address in the cabinet: Administrator - Account - Security rules and"
    " settings - API, then run `merilo check`."
)
_RIGHTS = "Give the key's user the right to reports and employees, or order the component."
_OURS = "This is a mistake of Merilo: please report it with this text."

_AUTH: Mapping[str, tuple[str, str]] = {
    "access_token_invalid": ("The account does not know the access key", _KEY),
    "access_token_expired": ("The access key has expired", _KEY),
    "access_token_blocked": ("The access key is blocked", _KEY),
    "auth_error": ("The account does not accept the login", _KEY),
    "ip_not_whitelisted": ("This machine's address is not on the account's list", _WHITE_LIST),
    "account_inactive": ("The account is switched off", "Ask the vendor's support why."),
}
_SCOPE = (
    "forbidden",
    "method_component_disabled",
    "parameter_component_disabled",
    "tariff_restrictions",
)
_BY_CODE = {
    -32001: "access_token_invalid",
    -32003: "forbidden",
    -32008: "method_component_disabled",
    -32009: "account_inactive",
    -32029: "limit_exceeded",
    -32603: "internal_error",
}


def body_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer, {} for anything else."""
    return answer.json_object() or {}


def result_of(answer: Answer, body: Mapping[str, Any], number: str) -> dict[str, Any]:
    """`result` of the answer to request `number`; raises what `classify` makes of a refusal."""
    if isinstance(body.get("error"), dict):
        raise classify(body["error"])
    if answer.status == 200 and body.get("id") == number and isinstance(body.get("result"), dict):
        result: dict[str, Any] = body["result"]
        return result
    raise _not_it(answer)


def limits_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an answer, good or bad, tells of the points left; {} when it tells nothing."""
    result, error = as_map(body.get("result")), as_map(body.get("error"))
    metadata = as_map(result.get("metadata")) or as_map(as_map(error.get("data")).get("metadata"))
    return as_map(metadata.get("limits"))


def classify(error: Mapping[str, Any]) -> RemoteError:
    """The error for a refusal; codes are shared by many, so the mnemonic decides where it is."""
    data = as_map(error.get("data"))
    mnemonic = str(data.get("mnemonic") or _BY_CODE.get(whole(error.get("code")), "unknown"))
    if mnemonic == "limit_exceeded":
        return _exceeded(data)
    if mnemonic in _AUTH:
        what, todo = _AUTH[mnemonic]
        return AuthError(
            f"{what} ({mnemonic}{_address(data)}).", did="The source is paused.", todo=todo
        )
    said = f"{mnemonic}, field {data['field']}" if data.get("field") else mnemonic
    if mnemonic in _SCOPE:
        what = f"The access key may not read this ({said})."
        return ScopeError(what, did=_KEPT, todo=_RIGHTS)
    if mnemonic == "internal_error":
        return RetryableError("The Data API failed (internal_error).")
    what = f"The Data API refused the request ({said})."
    return RejectedError(what, code=mnemonic, did=_KEPT, todo=_OURS)


def reset_s(limits: Mapping[str, Any], kind: str = "") -> float:
    """Seconds until there are points again, 0 when there are some; `kind`: minute or day."""
    spent = [
        _seconds(limits.get(f"{each}_reset")) or _MINUTE_S
        for each in _KINDS
        if each == kind
        or (f"{each}_remaining" in limits and whole(limits[f"{each}_remaining"]) < 1)
    ]
    return max(spent, default=0.0)


def as_map(value: Any) -> dict[str, Any]:
    """An object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def whole(value: Any) -> int:
    """A number; 0 for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _exceeded(data: Mapping[str, Any]) -> RetryableError:
    params, limits = as_map(data.get("params")), as_map(as_map(data.get("metadata")).get("limits"))
    kind = next((each for each in _KINDS if params.get("limit_type") == each), "")
    return RetryableError(
        f"The account's points are used up for this {kind or 'minute or day'} (limit_exceeded).",
        retry_after=reset_s(limits, kind) or _MINUTE_S,
        todo="Ask less often (`poll`), or order more points in the cabinet (Tariffs and options).",
    )


def _not_it(answer: Answer) -> RemoteError:
    if 300 <= answer.status < 400:
        return RetryableError(
            f"{answer.shown_url}: we are sent to {answer.sent_to} (HTTP {answer.status}).",
            did="It was not followed: the key is given to nobody but the host in the settings.",
            todo="Set `url` to the address of the Data API that the cabinet names.",
            retry_after=AWAY_S,
        )
    what = f"{answer.shown_url}: no answer of the Data API came (HTTP {answer.status})."
    return LostAnswerError(what, retry_after=answer.retry_after_s)


def _address(data: Mapping[str, Any]) -> str:
    try:
        return f", {ipaddress.ip_address(str(as_map(data.get('params')).get('ip')))}"
    except ValueError:
        return ""


def _seconds(value: Any) -> float:
    return float(min(max(whole(value), 0), LONGEST_S))
