"""The sandbox of Zadarma answers as the vendor's own client and pages describe it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from sandbox.conversation import OUT, Leg
from sandbox.server import start_sandbox
from tests.clock import NOON, Clock
from tests.sandbox.telephone import AT, ring

HTTP = httpx.Client(trust_env=False, timeout=10.0, verify=False)  # noqa: S501
PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "zadarma"
REPORT = "/v1/statistics/pbx/"
TODAY = {"start": "2026-10-15 00:00:00", "end": "2026-10-15 23:59:59", "version": 2}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Any]:
    with start_sandbox("zadarma", scale="empty", seed=5, clock=clock) as box:
        yield box


def signed(box: Any, path: str, query: str, *, raw: bool = False) -> str:
    text = f"{path}{query}{hashlib.md5(query.encode(), usedforsecurity=False).hexdigest()}"
    mac = hmac.new(box.account.secret.encode(), text.encode(), "sha1")
    shown = mac.digest() if raw else mac.hexdigest().encode()
    return f"{box.account.key}:{base64.b64encode(shown).decode()}"


def get(
    box: Any, path: str = REPORT, query: Mapping[str, object] = TODAY, *, raw: bool = False
) -> httpx.Response:
    named = sorted({**query, "format": "json"}.items())
    text = "&".join(f"{name}={quote_plus(str(value))}" for name, value in named)
    headers = {"Authorization": signed(box, path, text, raw=raw)}
    return HTTP.get(f"{box.url}{path}?{text}", headers=headers)


def rows(box: Any) -> Any:
    return get(box).json()["stats"]


def test_rows_have_the_keys_that_are_documented(box: Any) -> None:
    documented = json.loads((PAYLOADS / "pbx_statistics_v2.json").read_text(encoding="utf-8"))
    ring(box)
    answer = get(box).json()
    assert answer.keys() == documented.keys()
    assert answer["stats"][0].keys() == documented["stats"][0].keys()
    assert answer["stats"][0]["seconds"] == 40
    assert answer["stats"][0]["callstart"] == "2026-10-15 14:00:00"


def test_a_destination_is_now_a_number_and_now_a_text(box: Any) -> None:
    for _ in range(2):
        ring(box)
    assert {type(row["destination"]) for row in rows(box)} == {int, str}


def test_every_row_of_a_call_names_it(box: Any) -> None:
    second = list(box.exchange.employees)[1]
    ring(box, True, Leg(second, AT + 45, AT + 50, AT + 60, transfer="blind"))
    ring(box, direction=OUT)
    told = rows(box)
    assert [row["pbx_call_id"] for row in told] == ["in_000001", "out_000002", "in_000001"]
    assert len({row["call_id"] for row in told}) == 3


def test_asking_a_colleague_is_a_row_between_two_extensions(box: Any) -> None:
    first, second, _ = box.exchange.employees
    ring(box, True, Leg(second, AT + 35, AT + 45, AT + 60, transfer="attended"))
    told = [(row["clid"], str(row["destination"]), row["seconds"]) for row in rows(box)]
    assert told == [("79161234567", first, 40), (first, second, 10), ("79161234567", second, 15)]


@pytest.mark.parametrize("raw", [True, False])
def test_only_base64_of_the_hex_text_is_a_signature(box: Any, raw: bool) -> None:
    answer = get(box, raw=raw)
    assert answer.status_code == (401 if raw else 200)
    assert answer.json()["status"] == ("error" if raw else "success")


def test_what_is_signed_with_percent_20_is_refused(box: Any) -> None:
    query = "end=2026-10-15%2023%3A59%3A59&format=json&start=2026-10-15%2000%3A00%3A00&version=2"
    headers = {"Authorization": signed(box, REPORT, query)}
    assert HTTP.get(f"{box.url}{REPORT}?{query}", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("keeps_end", "window"),
    [
        (True, ("2026-09-15 00:00:00", "2026-10-15 00:00:00")),
        (False, ("2026-09-01 00:00:00", "2026-10-01 00:00:00")),
    ],
)
def test_a_window_over_thirty_days_is_cut_without_a_word(
    box: Any, keeps_end: bool, window: tuple[str, str]
) -> None:
    box.account.keeps_end = keeps_end
    answer = get(box, query=TODAY | {"start": "2026-09-01 00:00:00", "end": "2026-10-15 00:00:00"})
    assert answer.status_code == 200
    assert (answer.json()["start"], answer.json()["end"]) == window


def test_pages_are_skipped_and_limited(box: Any) -> None:
    calls = [ring(box) for _ in range(5)]
    page = get(box, query=TODAY | {"skip": 2, "limit": 2}).json()["stats"]
    assert [row["pbx_call_id"] for row in page] == [f"in_{call.id:06x}" for call in calls[2:4]]


@pytest.mark.parametrize("change", [{"limit": 1001}, {"version": 1}, {"start": "2026-10-15"}])
def test_what_makes_no_sense_is_refused(box: Any, change: dict[str, object]) -> None:
    answer = get(box, query=TODAY | change)
    assert (answer.status_code, answer.json()["status"]) == (400, "error")


def test_extensions_have_no_names_and_no_addresses(box: Any) -> None:
    documented = json.loads((PAYLOADS / "pbx_internal.json").read_text(encoding="utf-8"))
    answer = get(box, "/v1/pbx/internal/").json()
    assert answer.keys() == documented.keys()
    assert answer["numbers"] == [int(each) for each in box.exchange.employees]


def test_the_account_tells_its_zone(box: Any) -> None:
    answer = get(box, "/v1/info/timezone/").json()
    assert (answer["datetime"], answer["timezone"]) == ("2026-10-15 15:00:00", "UTC+3")
    assert answer["unixtime"] == int(NOON.timestamp())


def test_three_reports_a_minute_and_the_headers_that_tell_it(clock: Clock) -> None:
    with start_sandbox("zadarma", scale="empty", seed=5, clock=clock, limits=True) as box:
        answers = [get(box) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert [each.headers["x-ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"]
        reset_at = int(answers[-1].headers["x-ratelimit-reset"])
        assert reset_at - NOON.timestamp() == 61
        assert get(box, "/v1/pbx/internal/").status_code == 200
        clock.now += timedelta(seconds=61)
        assert get(box).status_code == 200
