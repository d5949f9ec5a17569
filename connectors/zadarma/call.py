"""Rows of the exchange's report: one a telephone that rang in a call, all with the call's id."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from connectors.base import Context, Page, Record, Since
from connectors.field import required_ref, senseless, text_of
from connectors.telephony import log_unknown, optional_length_s
from connectors.window import windows
from connectors.zadarma.client import ZadarmaClient
from connectors.zadarma.clock import started_at
from connectors.zadarma.number import LONGEST_EXTENSION, digits_of, extension_of, marked
from connectors.zadarma.report import reports
from store.fact import CallLeg, Direction, Fact, TalkQuality, Transfer

LONGEST = timedelta(days=28)
"""Of one question; the vendor answers for 30 days."""

_TALKED = "answered"
_VOICEMAIL = "voicemail"
OUTCOME = {
    _TALKED: "answered",
    "busy": "busy",
    "cancel": "cancelled",
    "no answer": "missed",
    "failed": "unavailable",
    "no money": "no_money",
    "no money, no limit": "no_money",
    "unallocated number": "wrong_number",
    "no limit": "blocked",
    "no day limit": "blocked",
    "line limit": "blocked",
}
"""`disposition` (zadarma/user-api-v1); one that is not here is nobody's talk, and is told of."""


def pages(client: ZadarmaClient, since: Since) -> Iterator[Page]:
    """Window by window; within one the checkpoint stays where the window begins."""
    zone = client.settings.zone
    for window in windows(since, client.now(), LONGEST):
        for report in reports(client, window):
            place = window.ends_at if report.is_last else window.begins_at
            tell_unknown(client, report.rows)
            yield Page(
                records=[{**row, "zone": zone} for row in report.rows],
                checkpoint=place.isoformat(),
                served_at=report.served_at,
            )


def tell_unknown(client: ZadarmaClient, rows: Iterable[Record]) -> list[str]:
    """The dispositions nobody knows among these rows; each is logged once."""
    return log_unknown(
        client,
        {_disposition(row) for row in rows} - OUTCOME.keys(),
        "zadarma.disposition_unknown",
        field="disposition",
        what="The account tells of calls with a disposition that is not known.",
        todo="Report it, and how such a call went, to the authors.",
    )


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A row as a leg; calls between colleagues and questions to a colleague make none.

    Nobody's leg is a row for the menu, the mailbox or a line: `seconds` is no talk there.
    """
    call_ref = required_ref(record, "pbx_call_id")
    caller, called = extension_of(record, "sip", "clid"), extension_of(record, "destination")
    if _between_colleagues(record, call_ref, called):
        return
    direction = _direction(call_ref, caller, called)
    rung = called is not None or direction is Direction.IN
    who = called if rung else caller
    phone = marked(record.get("clid" if rung else "destination"), context)
    outside = rung and who is None and _is_outside(record)
    seconds = optional_length_s(record, "seconds") or 0
    outcome = OUTCOME.get(_disposition(record), "other")
    if rung and who is None and not outside:
        outcome = "voicemail" if text_of(record, "destination") == _VOICEMAIL else "missed"
    yield CallLeg(
        ref=_ref(record, who, outcome),
        call_ref=call_ref,
        user_ref=who,
        direction=direction,
        started_at=started_at(record, record["zone"]),
        talk_s=seconds if outcome == "answered" else 0,
        outcome=outcome,
        client_hash=phone.hash,
        client_last4=phone.last4,
        client_ref=None,
        lasted_s=seconds,
        quality=TalkQuality.UPPER_BOUND if outside else TalkQuality.REPORTED,
        transfer=Transfer.REDIRECT if outside else Transfer.NONE,
    )


def _ref(record: Record, who: str | None, outcome: str) -> str:
    """A talk has a `call_id` of its own, by which CRMs are told of it; others may share one."""
    call_id = required_ref(record, "call_id")
    return call_id if outcome == "answered" else f"{call_id}#{who or ''}"


def _between_colleagues(record: Record, call_ref: str, called: str | None) -> bool:
    if called is None:
        return False
    sip = extension_of(record, "sip")
    rang_out = call_ref.startswith("out_") and sip is not None and sip != called
    return rang_out or extension_of(record, "clid") is not None


def _direction(call_ref: str, caller: str | None, called: str | None) -> Direction:
    """By the prefix of the call's id, else by who rang."""
    if call_ref.startswith("in_"):
        return Direction.IN
    if call_ref.startswith("out_") or (caller and not called):
        return Direction.OUT
    if called:
        return Direction.IN
    raise senseless("pbx_call_id", "does not tell the direction")


def _is_outside(record: Record) -> bool:
    """Whether a call was passed on to a number outside, an employee's mobile: not to a line."""
    number = digits_of(record.get("destination"))
    return len(number) > LONGEST_EXTENSION and number != digits_of(record.get("sip"))


def _disposition(record: Record) -> str:
    return text_of(record, "disposition").casefold()
