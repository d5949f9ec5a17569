"""Calls: the report of sessions, each with its legs, of the same stretch of time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from connectors.base import Page, Record, Since
from connectors.uis.account import account_of, local_from, local_till
from connectors.uis.client import UisClient
from connectors.uis.employee import digits_of, numbers_of
from connectors.uis.report import Report
from connectors.window import Window, windows

LONGEST = timedelta(days=2)
"""One window; the vendor answers up to three months, a busy account fills memory sooner."""

LATEST_LEG = timedelta(hours=6)
"""A leg may begin this long after the call that it belongs to."""

EARLIEST_LEG = timedelta(minutes=1)
IMPORTED = "upload_calls"
_AT_ONCE = 1_000
_LONGEST_EXTENSION = 5

SESSIONS = Report(
    method="get.calls_report",
    fields=(
        "id",
        "start_time",
        "finish_time",
        "finish_reason",
        "direction",
        "source",
        "is_lost",
        "contact_phone_number",
        "clean_talk_duration",
        "voice_mail_records",
        "employees",
    ),
)
LEGS = Report(
    method="get.call_legs_report",
    fields=(
        "id",
        "call_session_id",
        "start_time",
        "connect_time",
        "duration",
        "total_duration",
        "finish_reason",
        "is_transfered",
        "is_operator",
        "employee_id",
        "is_coach",
        "is_talked",
        "group_id",
        "group_name",
    ),
)


def pages(client: UisClient, since: Since) -> Iterator[Page]:
    """Window after window; the place is kept when all of a window was handed over."""
    until = client.now()
    for window in windows(since, until, LONGEST):
        records, served_at = _read(client, window, until)
        for at in range(0, len(records) or 1, _AT_ONCE):
            is_last = at + _AT_ONCE >= len(records)
            place = window.ends_at if is_last else window.begins_at
            yield Page(
                records=records[at : at + _AT_ONCE],
                checkpoint=place.isoformat(),
                served_at=served_at,
            )


def _read(client: UisClient, window: Window, until: datetime) -> tuple[Sequence[Record], datetime]:
    """The calls of a window with all that is needed to understand them, and the first answer's
    time. Legs are asked for after the calls, so that none of a call is missing."""
    zone, own = account_of(client).zone, numbers_of(client)
    first, last = local_from(window.begins_at, zone), local_till(window.ends_at, zone)
    told = list(SESSIONS.between(client, first, last, zone))
    calls = [row for part in told for row in part.rows if _is_wanted(client, row)]
    legs = _legs(client, window, until) if calls else {}
    records = [
        {
            **call,
            "legs": legs.get(call.get("id"), []),
            "zone": zone.key,
            "is_internal": _is_internal(call, own),
        }
        for call in calls
    ]
    return records, told[0].served_at


def _legs(client: UisClient, window: Window, until: datetime) -> dict[object, list[Record]]:
    zone = account_of(client).zone
    first = local_from(window.begins_at - EARLIEST_LEG, zone)
    # Until the present at most: what is not over is in no report
    ends_at = min(window.ends_at + LATEST_LEG, max(until, client.now()) + EARLIEST_LEG)
    last = local_till(ends_at, zone)
    found: dict[object, list[Record]] = defaultdict(list)
    for part in LEGS.between(client, first, last, zone):
        for row in part.rows:
            found[row.get("call_session_id")].append(row)
    return found


def _is_wanted(client: UisClient, call: Record) -> bool:
    return client.settings.imported == "read" or call.get("source") != IMPORTED


def _is_internal(call: Record, own: set[str]) -> bool:
    """Both ends are employees: the report has no word for it but their numbers."""
    digits = digits_of(call.get("contact_phone_number"))
    return bool(digits) and (len(digits) <= _LONGEST_EXTENSION or digits in own)
