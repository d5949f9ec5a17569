"""Custom fields that metrics use, of leads and contacts, as [fields.SOURCE.deal] and
[fields.SOURCE.contact] name them: by id or code."""

from collections.abc import Iterator, Mapping

from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.custom_field import existing
from connectors.base import Check, Record
from connectors.error import RemoteError
from connectors.field import text_of
from connectors.named_field import CONTACT, DEAL, check_of, missing_record
from store.fact import CustomValues

_PATHS = {DEAL: "api/v4/leads", CONTACT: "api/v4/contacts"}


def custom_values(
    record: Record, ref: str, wanted: Mapping[str, str], kind: str = DEAL
) -> CustomValues:
    """What the fields of a record hold; of several values of one field of a lead the first, of a
    contact each on a line of its own."""
    texts = {}
    for each in as_list(record.get("custom_fields_values")):
        one = as_map(each)
        values = [text_of(as_map(value), "value") for value in as_list(one.get("values"))]
        text = "\n".join(filter(None, values if kind == CONTACT else values[:1]))
        spelt = {str(one.get("field_id")), str(one.get("field_code"))}
        texts.update({ours: text for ours, theirs in wanted.items() if theirs in spelt and text})
    return CustomValues(kind=kind, record_ref=ref, values=texts)


def missing_fields(client: AmocrmClient, kind: str = DEAL) -> list[Record]:
    """A record that tells which of the named fields the account has not; none without settings."""
    wanted = client.options.fields.get(kind, {})
    if not wanted:
        return []
    known = _known(client, kind)
    return [missing_record(kind, [ours for ours, theirs in wanted.items() if theirs not in known])]


def check_fields(client: AmocrmClient) -> Iterator[Check]:
    """Whether the account has the fields that the settings name."""
    for kind in _PATHS:
        wanted = client.options.fields.get(kind, {})
        try:
            known = _known(client, kind) if wanted else set[str]()
        except RemoteError as error:
            yield Check.failed("fields", error)
            continue
        for ours, theirs in wanted.items():
            place = (client.options.source, kind)
            yield check_of(place, ours, theirs, known, ok=theirs in known)


def _known(client: AmocrmClient, kind: str) -> set[str]:
    """The ids and codes of the fields of a kind of record."""
    named = ((each.get("id"), each.get("code")) for each in existing(client, _PATHS[kind]))
    return {str(name) for pair in named for name in pair if name is not None}
