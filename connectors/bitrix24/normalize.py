"""From a record of Bitrix24 to facts. Odd spellings are understood, nonsense is a DataError."""

from collections.abc import Iterable
from typing import Any

from connectors.base import Context, Record
from connectors.field import (
    hundredths,
    moment,
    optional_ref,
    required_ref,
    senseless,
    text_of,
    whole,
)
from store.fact import Account, CallLeg, Deal, DealState, Direction, Fact, Pipeline, Stage

DEFAULT_PIPELINE = "0"
LONGEST_TALK_S = 7 * 86_400

_STATE = {"S": DealState.WON, "F": DealState.LOST, "P": DealState.OPEN, "": DealState.OPEN}
"""Stage semantics (crm-status-list.md): success, failure, in process (also written as null)."""

_DIRECTION = {"1": Direction.OUT, "2": Direction.IN, "3": Direction.IN, "4": Direction.OUT}
"""CALL_TYPE: out, in, in and redirected, call-back (voximplant-statistic-get.md)."""

_INFORMATION_CALL = "5"
_TALKED = "200"
_OUTCOME = {
    _TALKED: "answered",
    "304": "missed",
    "402": "no_money",
    "403": "forbidden",
    "404": "wrong_number",
    "423": "blocked",
    "480": "unavailable",
    "484": "no_route",
    "486": "busy",
    "503": "no_route",
    "603": "declined",
    "603-S": "cancelled",
}
"""CALL_FAILED_CODE (voximplant-statistic-get.md); others are `other`."""

_CLIENT = {"CONTACT": "contact", "COMPANY": "company", "LEAD": "lead"}


def account(record: Record, context: Context) -> Iterable[Fact]:
    """A user; someone without a name is called by e-mail, else by id. Of telephones only the
    extension is read."""
    ref = required_ref(record, "ID")
    names = (text_of(record, "NAME"), text_of(record, "LAST_NAME"))
    email = text_of(record, "EMAIL") or None
    yield Account(
        ref=ref,
        name=" ".join(name for name in names if name) or email or f"ID {ref}",
        email=email,
        active=record.get("ACTIVE", True) in (True, "Y", "1", 1, "true"),
        departments=_departments(record),
        extension=text_of(record, "UF_PHONE_INNER") or None,
    )


def funnel(record: Record, context: Context) -> Iterable[Fact]:
    """A funnel (crm.category.list) or one of its stages (crm.status.list)."""
    yield _stage(record) if "STATUS_ID" in record else _pipeline(record)


def deal(record: Record, context: Context) -> tuple[Deal]:
    """A deal of crm.item.list.

    A closed deal closed when it last moved (`movedTime`), one that never moved when it was made.
    """
    state = state_of(record, "stageSemanticId")
    amount = hundredths(record, "opportunity")
    currency = text_of(record, "currencyId")
    if amount and not currency:
        raise senseless("currencyId", "is empty beside an amount")
    created_at = moment(record, "createdTime")
    closed_at = None
    if state is not DealState.OPEN:
        closed_at = moment(record, "movedTime") if record.get("movedTime") else created_at
    made = Deal(
        ref=required_ref(record, "id"),
        pipeline_ref=optional_ref(record, "categoryId") or DEFAULT_PIPELINE,
        stage_ref=required_ref(record, "stageId"),
        state=state,
        amount=amount,
        currency=currency,
        owner_ref=optional_ref(record, "assignedById"),
        client_ref=_deal_client(record),
        created_at=created_at,
        updated_at=moment(record, "updatedTime"),
        closed_at=closed_at,
        lead_ref=optional_ref(record, "leadId"),
        quote_ref=optional_ref(record, "quoteId"),
    )
    return (made,)


def call(record: Record, context: Context) -> Iterable[Fact]:
    """A row of the call statistics; internal and information calls make no fact."""
    kind = str(record.get("CALL_TYPE"))
    if kind == _INFORMATION_CALL or record.get("CALL_CATEGORY") == "internal":
        return
    if kind not in _DIRECTION:
        raise senseless("CALL_TYPE", "is none of 1 to 5")
    code = text_of(record, "CALL_FAILED_CODE")
    phone = context.mark_phone(text_of(record, "PHONE_NUMBER"))
    yield CallLeg(
        ref=required_ref(record, "ID"),
        call_ref=_call_ref(record),
        user_ref=optional_ref(record, "PORTAL_USER_ID"),
        direction=_DIRECTION[kind],
        started_at=moment(record, "CALL_START_DATE"),
        talk_s=_duration_s(record) if code == _TALKED else 0,
        outcome=_OUTCOME.get(code, "other"),
        client_hash=phone.hash,
        client_last4=phone.last4,
        client_ref=_call_client(record),
        lasted_s=_duration_s(record),
        outer_ref=optional_ref(record, "EXTERNAL_CALL_ID"),
    )


def state_of(record: Record, name: str) -> DealState:
    """What the stage's semantics in a field mean."""
    semantics = record.get(name) or ""
    if not isinstance(semantics, str) or semantics not in _STATE:
        raise senseless(name, "is none of P, S, F")
    return _STATE[semantics]


def _departments(record: Record) -> tuple[str, ...]:
    found = record.get("UF_DEPARTMENT")
    refs = found if isinstance(found, list) else [found]
    return tuple(str(ref) for ref in refs if str(ref).isdigit() and str(ref) != "0")


def _pipeline(record: Record) -> Pipeline:
    ref = optional_ref(record, "id") or DEFAULT_PIPELINE
    name = text_of(record, "name") or f"ID {ref}"
    return Pipeline(ref=ref, name=name, sort=whole(record, "sort", 0))


def _stage(record: Record) -> Stage:
    ref = required_ref(record, "STATUS_ID")
    return Stage(
        ref=ref,
        pipeline_ref=_pipeline_of(ref, text_of(record, "ENTITY_ID")),
        name=text_of(record, "NAME") or ref,
        sort=whole(record, "SORT", 0),
        state=state_of(record, "SEMANTICS"),
    )


def _pipeline_of(stage: str, directory: str) -> str:
    # Stages of funnel 5 are spelt C5:..., in the directory DEAL_STAGE_5; the first funnel's plainly
    prefix, colon, _ = stage.partition(":")
    if colon and prefix.startswith("C"):
        return prefix[1:]
    return directory.removeprefix("DEAL_STAGE").removeprefix("_") or DEFAULT_PIPELINE


def _deal_client(record: Record) -> str | None:
    for name, kind in (("companyId", "company"), ("contactId", "contact")):
        if ref := optional_ref(record, name):
            return f"{kind}:{ref}"
    return None


def _call_client(record: Record) -> str | None:
    kind: Any = record.get("CRM_ENTITY_TYPE")
    ref = optional_ref(record, "CRM_ENTITY_ID")
    known = isinstance(kind, str) and kind in _CLIENT
    return f"{_CLIENT[kind]}:{ref}" if ref and known else None


def _call_ref(record: Record) -> str:
    for prefix, name in (("s", "SESSION_ID"), ("e", "EXTERNAL_CALL_ID"), ("c", "CALL_ID")):
        if ref := optional_ref(record, name):
            return f"{prefix}:{ref}"
    return f"i:{required_ref(record, 'ID')}"


def _duration_s(record: Record) -> int:
    """Of a talk without ringing; of a call in which nobody talked, as long as a machine did."""
    seconds = whole(record, "CALL_DURATION", 0)
    if seconds > LONGEST_TALK_S:
        raise senseless("CALL_DURATION", "is over a week")
    return max(seconds, 0)
