"""The history of calls: one row a conversation, another for whom it was handed over to.

Names of clients and links of recordings, which need the key, are not kept.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from connectors.base import Context, Page, Record, Since
from connectors.field import moment, optional_ref, required_ref, senseless, text_of
from connectors.itoolabs.client import ItoolabsClient
from connectors.itoolabs.user import extensions_of
from connectors.phone import mark_told, written_digits
from connectors.telephony import log_unknown, optional_length_s
from connectors.window import windows
from store.fact import CallLeg, Direction, Fact

DAY = timedelta(days=1)
BEFORE = timedelta(hours=1)
"""Asked again before each day: a call over midnight is in both days, or in one, or in none."""

_LEAST = timedelta(minutes=10)
_CUT_AT = 100
_LONGEST_EXTENSION = 4

_DIRECTION = {"in": Direction.IN, "out": Direction.OUT}
_TALKED = "success"
_VOICEMAIL = "vm"
OUTCOME = {
    _TALKED: "answered",
    "missed": "missed",
    "noanswer": "missed",
    "cancel": "cancelled",
    "busy": "busy",
    "notavailable": "unavailable",
    "notfound": "wrong_number",
}
"""`status` of the history; one that is not here is nobody's talk, and is told of."""


def pages(client: ItoolabsClient, since: Since) -> Iterator[Page]:
    """Day by day of UTC, each with the hour before: paging is not documented, days are short."""
    extensions = extensions_of(client)
    for window in windows(since, client.now(), DAY):
        begins_at = max(window.begins_at - BEFORE, since.changed_from)
        rows, served_at = _history(client, min(begins_at, window.ends_at), window.ends_at)
        tell_unknown(client, rows)
        yield Page(
            records=[{**row, "extensions": extensions} for row in rows],
            checkpoint=window.ends_at.isoformat(),
            served_at=served_at,
        )


def history(client: ItoolabsClient, begins_at: datetime, ends_at: datetime) -> list[Record]:
    """The calls of a span, each row once."""
    return _history(client, begins_at, ends_at)[0]


def tell_unknown(client: ItoolabsClient, rows: Iterable[Record]) -> list[str]:
    """The statuses nobody knows among these rows; each is logged once."""
    return log_unknown(
        client,
        {text_of(row, "status") for row in rows} - OUTCOME.keys(),
        "itoolabs.status_unknown",
        field="status",
        what="The exchange tells of calls with a status that is not known.",
        todo="Report the status, and how such a call went, to the authors.",
    )


def _history(
    client: ItoolabsClient, begins_at: datetime, ends_at: datetime
) -> tuple[list[Record], datetime]:
    """A round number of rows may be a list cut short: then its halves must tell no more."""
    query = (("start", _basic(begins_at)), ("end", _basic(ends_at)), ("type", "all"))
    body = client.get("history/json", query)
    rows = body.rows("calls")
    if rows and len(rows) % _CUT_AT == 0 and ends_at - begins_at > _LEAST:
        middle = begins_at + (ends_at - begins_at) / 2
        rows += _history(client, begins_at, middle)[0]
        rows += _history(client, middle, ends_at)[0]
    return _each_once(rows), body.served_at


def _each_once(rows: Iterable[Record]) -> list[Record]:
    """One row for each call and beginning, of several the one that tells of more talk."""
    found: dict[tuple[str, str], Record] = {}
    for row in rows:
        key = (text_of(row, "uid"), text_of(row, "start"))
        if key not in found or _talk(row) > _talk(found[key]):
            found[key] = row
    return list(found.values())


def _talk(row: Record) -> float:
    value = row.get("duration")
    return value if isinstance(value, int | float) else 0.0


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A row as a leg; calls between colleagues make none.

    `duration` is talk and absent without any; `user` is absent where no one person was rung.
    """
    kind, client = text_of(record, "type"), text_of(record, "client")
    if kind == "internal" or _is_colleague(client, record):
        return
    if kind not in _DIRECTION:
        raise senseless("type", "is neither in nor out")
    uid, started_at = required_ref(record, "uid"), moment(record, "start")
    outcome, phone = _outcome(record), mark_told(client, context)
    wait_s, talk_s = optional_length_s(record, "wait"), optional_length_s(record, "duration") or 0
    yield CallLeg(
        ref=f"{uid}@{int(started_at.timestamp())}",
        call_ref=uid,
        user_ref=optional_ref(record, "user"),
        direction=_DIRECTION[kind],
        started_at=started_at,
        talk_s=talk_s if outcome == "answered" else 0,
        outcome=outcome,
        client_hash=phone.hash,
        client_last4=phone.last4,
        client_ref=None,
        lasted_s=(wait_s or 0) + talk_s,
        ring_s=wait_s,
        queue=text_of(record, "group_name") or None,
    )


def _outcome(record: Record) -> str:
    if text_of(record, "destination") == _VOICEMAIL:
        return "voicemail"
    return OUTCOME.get(text_of(record, "status"), "other")


def _is_colleague(client: str, record: Record) -> bool:
    """By a number that is too short for a client, or that is one of the company's extensions."""
    digits = written_digits(client)
    if not digits.strip("0"):
        return False
    return len(digits) <= _LONGEST_EXTENSION or client in record.get("extensions", ())


def _basic(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
