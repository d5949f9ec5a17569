"""Leads and quotes: what comes before a deal."""

from collections.abc import Iterable, Iterator

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.item import Items
from connectors.bitrix24.normalize import state_of
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.reply import BatchReply
from connectors.error import AbsentError
from connectors.field import moment, optional_ref, required_ref
from store.fact import Fact, Lead, Quote

_COMMON = ("id", "stageId", "assignedById", "createdTime", "updatedTime")
_MOST_OPENING_PAGES = 4
MODE = Command("leads_mode", "crm.settings.mode.get")
_SIMPLE = "2"
"""Of crm.settings.mode.get: 1 classic, 2 simple, where there are no leads."""

LEADS = Items(
    name="leads",
    entity_type_id=1,
    fields=(*_COMMON, "stageSemanticId"),
    most=_MOST_OPENING_PAGES,
    also=(MODE,),
)
QUOTES = Items(
    name="quotes",
    entity_type_id=7,
    fields=(*_COMMON, "dealId"),
    most=_MOST_OPENING_PAGES,
)


def lead_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """The changed leads; AbsentError in a portal that works without any."""
    first = first_answer(client, LEADS.name, since, LEADS.opening)
    if is_simple(first):
        raise AbsentError(
            "The portal works without leads (simple CRM mode).",
            did="Nothing is said of leads: their numbers are unknown.",
        )
    yield from LEADS.pages_after(client, since, first)


def is_simple(reply: BatchReply) -> bool:
    """Whether the answer to MODE tells of a portal without leads; raises what it was refused."""
    return str(reply.reply(MODE.key).result) == _SIMPLE


def lead(record: Record, context: Context) -> Iterable[Fact]:
    """A lead of crm.item.list; a converted one is in a stage of success, junk in one of failure."""
    made = Lead(
        ref=required_ref(record, "id"),
        stage_ref=required_ref(record, "stageId"),
        state=state_of(record, "stageSemanticId"),
        owner_ref=optional_ref(record, "assignedById"),
        created_at=moment(record, "createdTime"),
        updated_at=moment(record, "updatedTime"),
    )
    return (made,)


def quote(record: Record, context: Context) -> Iterable[Fact]:
    """A quote of crm.item.list, with the deal it is bound to."""
    made = Quote(
        ref=required_ref(record, "id"),
        stage_ref=required_ref(record, "stageId"),
        deal_ref=optional_ref(record, "dealId"),
        owner_ref=optional_ref(record, "assignedById"),
        created_at=moment(record, "createdTime"),
        updated_at=moment(record, "updatedTime"),
    )
    return (made,)
