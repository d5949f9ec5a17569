"""What each of the portal's refusals means, as documented and as SDKs report them."""

import json
from pathlib import Path

import pytest

from connectors.answer import Answer
from connectors.bitrix24.classify import classify, classify_foreign
from connectors.bitrix24.envelope import open_envelope, parse
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
    ScopeError,
)

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bitrix24"


def answer(body: bytes, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, body, "https://p.example/rest/***/batch", 0.1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NO_AUTH_FOUND", AuthError),
        ("INVALID_CREDENTIALS", AuthError),
        ("expired_token", AuthError),
        ("insufficient_scope", ScopeError),
        ("QUERY_LIMIT_EXCEEDED", RetryableError),
        ("OPERATION_TIME_LIMIT", RetryableError),
        ("INTERNAL_SERVER_ERROR", LostAnswerError),
        ("INVALID_REQUEST", RejectedError),
        ("ERROR_BATCH_LENGTH_EXCEEDED", RejectedError),
    ],
)
def test_the_documented_system_errors(name: str, kind: type[RemoteError]) -> None:
    payload = json.loads((PAYLOADS / f"system_error__{name}.json").read_text())
    said = payload["response"]
    for status in (payload["http_status"], None):
        error = classify(said["error"], said["error_description"], "crm.item.list", status)
        assert type(error) is kind
        assert error.what.endswith(".")


@pytest.mark.parametrize(
    "code", ["OVERLOAD_LIMIT", "PAYMENT_REQUIRED", "PORTAL_DELETED", "user_access_error"]
)
def test_what_needs_a_person_is_not_tried_again_and_says_what_to_do(code: str) -> None:
    for spelling in (code.lower(), code.upper()):
        error = classify(spelling, "", "crm.item.list", 500)
        assert isinstance(error, AuthError)
        assert error.todo


@pytest.mark.parametrize(
    ("code", "text", "status", "kind"),
    [
        ("", "Not found", 400, RejectedError),
        (0, "Not found", 400, RejectedError),
        (100, "Could not find value for parameter {id}", 400, RejectedError),
        ("", "Access denied", 400, AuthError),
        ("ACCESS_DENIED", "REST API is available only on commercial plans", 403, AuthError),
        ("", "", 503, LostAnswerError),
        ("SOMETHING_NEW", "", 429, LostAnswerError),
        ("SOMETHING_NEW", "", 400, RejectedError),
        ("WRONG_AUTH_TYPE", "", 403, AuthError),
    ],
)
def test_odd_codes_are_told_by_their_text_and_status(
    code: object, text: str, status: int, kind: type[RemoteError]
) -> None:
    assert type(classify(code, text, "crm.deal.get", status)) is kind


def test_a_closed_plan_is_told_from_a_missing_right() -> None:
    plan = classify(
        "ACCESS_DENIED", "REST API is available only on commercial plans", "crm.item.list"
    )
    right = classify("ACCESS_DENIED", "Access denied!", "voximplant.statistic.get")
    assert "licence" in plan.todo
    assert "call statistics" in right.todo


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>maintenance</html>", 200, LostAnswerError),
        (b"<html>502</html>", 502, LostAnswerError),
        (b"", 200, LostAnswerError),
        (b'{"result": {"items": [', 200, LostAnswerError),
        (b"[]", 200, LostAnswerError),
        (b'{"strange": 1}', 200, LostAnswerError),
        (b"[" * 100_000, 200, LostAnswerError),
        (b"<html>forbidden</html>", 403, RetryableError),
    ],
)
def test_what_is_no_envelope_is_never_taken_for_an_empty_answer(
    body: bytes, status: int, kind: type[RemoteError]
) -> None:
    with pytest.raises(RemoteError) as told:
        open_envelope(answer(body, status))
    assert type(told.value) is kind
    assert str(status) in told.value.what


def test_a_redirect_names_the_new_host_only() -> None:
    error = classify_foreign(answer(b"", 302, location="https://new.bitrix24.ru/rest/1/code/x"))
    assert "https://new.bitrix24.ru." in error.todo
    assert "code" not in str(error)


@pytest.mark.parametrize(
    ("time", "header", "expected"),
    [
        ('{"start": 1773141841.25}', "", 1773141841.25),
        ('{"date_start": "2026-03-10T14:24:01+03:00"}', "", 1773141841.0),
        ("[]", "Tue, 10 Mar 2026 11:24:01 GMT", 1773141840.9),
    ],
)
def test_the_portals_time_is_found_wherever_it_is_told(
    time: str, header: str, expected: float
) -> None:
    envelope = open_envelope(answer(f'{{"result": 1, "time": {time}}}'.encode(), date=header))
    assert envelope.served_at.timestamp() == pytest.approx(expected, abs=0.001)


def test_an_answer_that_tells_no_time_at_all_is_not_used() -> None:
    with pytest.raises(RetryableError, match="time"):
        open_envelope(answer(b'{"result": 1}'))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": "9" * 5000}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_odd_json_costs_a_record_at_most(text: bytes, value: object) -> None:
    assert parse(text) == value


def test_not_a_number_reaches_the_record_it_stands_in() -> None:
    assert parse(b'{"a": NaN}')["a"] != 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("-5", 0.0),
        ("999999999", 86400.0),
        ("Tue, 10 Mar 2026 11:25:01 GMT", 60.0),
        ("soon", None),
    ],
)
def test_retry_after_is_understood_in_every_form(header: str, seconds: float | None) -> None:
    date = "Tue, 10 Mar 2026 11:24:01 GMT"
    assert answer(b"", 503, **{"retry-after": header, "date": date}).retry_after_s == seconds
