"""Custom fields of deals: how the settings, the portal and its records name and spell them.

crm.item.* calls them irregularly (UF_CRM_3_DIGIT10 is ufCrm_3_DIGIT10), so the portal is asked by
crm.item.fields (api-reference/crm/universal/crm-item-fields.md), anew every hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from config.value import nearest
from connectors.base import Check, Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.normalize import deal
from connectors.bitrix24.reply import BatchReply
from connectors.error import RemoteError
from store.fact import CustomFields, CustomValues, Fact

DEAL, DEAL_TYPE = "deal", 2
METHOD, PARAMS = "crm.item.fields", {"entityTypeId": DEAL_TYPE}
WITH_FIELDS = ("deals", "past_deals")
"""Streams whose records are deals."""
LOSS_REASON = "loss_reason"
"""The field that tells why a deal was lost, where the stage does not."""
KNOWN_FOR = timedelta(hours=1)
VALUES, MISSING = "merilo values", "merilo missing"
"""Keys added to records, which no field of a portal is called: texts by our names, and the names
that the portal has no field for."""


@dataclass(frozen=True)
class Column:
    """A field as crm.item.* names it; `options`: texts of an enumeration by id."""

    name: str
    options: Mapping[str, str]


@dataclass
class Columns:
    """What is known of the fields of a portal; `told`: which were missing when that was told."""

    known: Mapping[str, Column] = field(default_factory=dict)
    asked_at: datetime | None = None
    told: tuple[str, ...] | None = None


def with_fields(client: Bitrix24Client, since: Since) -> Since:
    """The run, with the fields of deals that the settings name."""
    if not client.options.fields.get(DEAL):
        return since
    names = {column.name for column in _columns(client).known.values()}
    return replace(since, fields=tuple(sorted(names)))


def field_names(client: Bitrix24Client) -> Sequence[str]:
    """What else is to be selected of deals."""
    return with_fields(client, Since(changed_from=client.options.clock())).fields


def with_values(client: Bitrix24Client, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages of deals, each with the texts of its fields under our names."""
    wanted = client.options.fields.get(DEAL, {})
    if not wanted:
        yield from pages
        return
    columns = _columns(client)
    for page in pages:
        rows = [{**row, VALUES: _texts(row, columns.known)} for row in page.records]
        missing = tuple(sorted(wanted.keys() - columns.known.keys()))
        if missing != columns.told:
            rows.append({"id": DEAL, MISSING: missing})
            columns.told = missing
        yield replace(page, records=rows)


def field_rules(context: Context) -> str:
    """Which fields are read: when that changes everything is read again."""
    return repr(sorted(context.fields.get(DEAL, {}).items()))


def deal_facts(record: Record, context: Context) -> Iterator[Fact]:
    """A deal, and what its custom fields hold."""
    if MISSING in record:
        yield CustomFields(kind=DEAL, missing=tuple(record[MISSING]))
        return
    (made,) = deal(record, context)
    texts = record.get(VALUES)
    if texts is None:
        yield made
        return
    yield msgspec.structs.replace(made, reason=texts.get(LOSS_REASON))
    filled = {name: text for name, text in texts.items() if text}
    yield CustomValues(kind=DEAL, record_ref=made.ref, values=filled)


def columns_of(wanted: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Column]:
    """The fields that the portal has, by our names; named by either spelling in the settings."""
    spelt = {str(as_map(each).get("upperName", name)): name for name, each in fields.items()}
    found = {}
    for ours, theirs in wanted.items():
        name = theirs if theirs in fields else spelt.get(theirs)
        if name is not None:
            items = as_map(fields[name]).get("items") or ()
            options = {str(each.get("ID")): str(each.get("VALUE")) for each in items}
            found[ours] = Column(name, options)
    return found


def check_commands(client: Bitrix24Client) -> Sequence[Command]:
    """What `check_fields` asks of the portal; nothing where the settings name no field."""
    return [Command("fields", METHOD, PARAMS)] if client.options.fields.get(DEAL) else []


def check_fields(client: Bitrix24Client, reply: BatchReply) -> Iterator[Check]:
    """Whether the portal has the fields of deals that the settings name."""
    wanted = client.options.fields.get(DEAL, {})
    if not wanted:
        return
    outcome = reply.outcomes["fields"]
    if isinstance(outcome, RemoteError):
        yield Check(name="fields", ok=False, detail=outcome.what, todo=outcome.todo)
        return
    fields = as_map(as_map(outcome.result).get("fields"))
    found = columns_of(wanted, fields)
    known = [str(as_map(each).get("upperName", name)) for name, each in fields.items()]
    for ours, theirs in wanted.items():
        name = f"field {ours}"
        if ours in found:
            yield Check(name=name, ok=True, detail=theirs)
            continue
        hint = f"Correct {ours} in [fields.{client.options.source}.deal]{nearest(theirs, known)}"
        detail = f"deals have no field {theirs}: metrics made of it are unknown"
        yield Check(name=name, ok=False, detail=detail, todo=hint)


def _columns(client: Bitrix24Client) -> Columns:
    columns: Columns = client.kept.setdefault(DEAL, Columns())
    now = client.options.clock()
    if columns.asked_at is None or now - columns.asked_at >= KNOWN_FOR:
        answer = as_map(client.call(METHOD, PARAMS).result)
        columns.known = columns_of(client.options.fields[DEAL], as_map(answer.get("fields")))
        columns.asked_at = now
    return columns


def _texts(row: Record, columns: Mapping[str, Column]) -> dict[str, str]:
    return {name: _text(row.get(column.name), column) for name, column in columns.items()}


def _text(value: Any, column: Column) -> str:
    """A value as text: the word of an option, the sum of money, "" of what is not filled in."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(each, column) for each in value)))
    text = "" if value is None or value is False or value == {} else str(value)
    if text in ("", "N") or (column.options and text == "0"):
        return ""
    if column.options:
        return column.options.get(text, text)
    # Money is spelt "100.50|RUB" (userfieldconfig-add.md)
    amount, bar, currency = text.partition("|")
    return amount if bar and len(currency) == 3 else text
