"""Custom fields of deals and contacts: how settings, the portal and its records spell them.

crm.item.* calls them irregularly (UF_CRM_3_DIGIT10 is ufCrm_3_DIGIT10), so the portal is asked by
crm.item.fields (api-reference/crm/universal/crm-item-fields.md), anew every hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.base import Check, Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.normalize import deal
from connectors.bitrix24.reply import BatchReply, Reply
from connectors.error import RemoteError
from connectors.named_field import CONTACT, DEAL, check_of, missing_in, missing_record
from store.fact import CustomValues, Fact

METHOD = "crm.item.fields"
_TYPES = {DEAL: 2, CONTACT: 3}
"""entityTypeId (api-reference/crm/data-types.md)."""
_SEVERAL = {DEAL: ", ", CONTACT: "\n"}
"""What stands between several values of one field: of a contact each may be told from the next."""
LOSS_REASON = "loss_reason"
"""The field that tells why a deal was lost, where the stage does not."""
KNOWN_FOR = timedelta(hours=1)
VALUES = "merilo values"
"""Key added to records, which no field of a portal is called: texts by our names."""


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


def with_fields(client: Bitrix24Client, since: Since, kind: str) -> Since:
    """The run, with the fields of this kind of record that the settings name."""
    if not client.options.fields.get(kind):
        return since
    names = {column.name for column in _columns(client, kind).known.values()}
    return replace(since, fields=tuple(sorted(names)))


def field_names(client: Bitrix24Client, kind: str) -> Sequence[str]:
    """What else is to be selected of a kind of record."""
    return with_fields(client, Since(changed_from=client.options.clock()), kind).fields


def with_values(client: Bitrix24Client, pages: Iterator[Page], kind: str) -> Iterator[Page]:
    """The pages of a kind of record, each with the texts of its fields under our names."""
    wanted = client.options.fields.get(kind, {})
    if not wanted:
        yield from pages
        return
    columns = _columns(client, kind)
    for page in pages:
        rows = [{**row, VALUES: _texts(row, columns.known, kind)} for row in page.records]
        missing = tuple(sorted(wanted.keys() - columns.known.keys()))
        if missing != columns.told:
            rows.append(missing_record(kind, missing))
            columns.told = missing
        yield replace(page, records=rows)


def values_of(record: Record, kind: str, ref: str) -> CustomValues | None:
    """What the custom fields of a record hold; None where the settings name none."""
    texts = record.get(VALUES)
    if texts is None:
        return None
    filled = {name: text for name, text in texts.items() if text}
    return CustomValues(kind=kind, record_ref=ref, values=filled)


def deal_facts(record: Record, context: Context) -> Iterator[Fact]:
    """A deal, and what its custom fields hold."""
    if told := missing_in(record, DEAL):
        yield told
        return
    (made,) = deal(record, context)
    values = values_of(record, DEAL, made.ref)
    if values is None:
        yield made
        return
    yield msgspec.structs.replace(made, reason=record[VALUES].get(LOSS_REASON))
    yield values


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
    named = [kind for kind in _TYPES if client.options.fields.get(kind)]
    return [Command(f"{kind}_fields", METHOD, _params(kind)) for kind in named]


def check_fields(client: Bitrix24Client, reply: BatchReply) -> Iterator[Check]:
    """Whether the portal has the fields that the settings name."""
    for kind in _TYPES:
        if wanted := client.options.fields.get(kind):
            yield from _check(client, kind, wanted, reply.outcomes[f"{kind}_fields"])


def _check(
    client: Bitrix24Client, kind: str, wanted: Mapping[str, str], outcome: Reply | RemoteError
) -> Iterator[Check]:
    if isinstance(outcome, RemoteError):
        yield Check.failed("fields", outcome)
        return
    fields = as_map(as_map(outcome.result).get("fields"))
    found = columns_of(wanted, fields)
    known = [str(as_map(each).get("upperName", name)) for name, each in fields.items()]
    for ours, theirs in wanted.items():
        place = (client.options.source, kind)
        yield check_of(place, ours, theirs, known, ok=ours in found)


def _params(kind: str) -> Mapping[str, int]:
    return {"entityTypeId": _TYPES[kind]}


def _columns(client: Bitrix24Client, kind: str) -> Columns:
    columns: Columns = client.kept.setdefault(kind, Columns())
    now = client.options.clock()
    if columns.asked_at is None or now - columns.asked_at >= KNOWN_FOR:
        answer = as_map(client.call(METHOD, _params(kind)).result)
        columns.known = columns_of(client.options.fields[kind], as_map(answer.get("fields")))
        columns.asked_at = now
    return columns


def _texts(row: Record, columns: Mapping[str, Column], kind: str) -> dict[str, str]:
    found = {}
    for name, column in columns.items():
        value = row.get(column.name)
        values = value if isinstance(value, list) else [value]
        texts = (_text(each, column) for each in values)
        found[name] = _SEVERAL[kind].join(filter(None, texts))
    return found


def _text(value: Any, column: Column) -> str:
    """A value as text: the word of an option, the sum of money, "" of what is not filled in."""
    text = "" if value is None or value is False or value == {} else str(value)
    if text in ("", "N") or (column.options and text == "0"):
        return ""
    if column.options:
        return column.options.get(text, text)
    # Money is spelt "100.50|RUB" (userfieldconfig-add.md)
    amount, bar, currency = text.partition("|")
    return amount if bar and len(currency) == 3 else text
