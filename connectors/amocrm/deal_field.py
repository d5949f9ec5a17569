"""Custom fields of leads that metrics use, as [fields.SOURCE.deal] names them: by id or code."""

from collections.abc import Mapping

from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.custom_field import existing
from connectors.base import Context, Record
from connectors.field import text_of
from store.fact import CustomValues

MISSING = "missing_fields"
_PATH = "api/v4/leads"


def custom_values(record: Record, ref: str, wanted: Mapping[str, str]) -> CustomValues:
    """What the fields of a lead hold; of several values of one the first."""
    texts = {}
    for each in as_list(record.get("custom_fields_values")):
        one = as_map(each)
        values = as_list(one.get("values"))
        text = text_of(as_map(values[0]), "value") if values else ""
        spelt = {str(one.get("field_id")), str(one.get("field_code"))}
        texts.update({ours: text for ours, theirs in wanted.items() if theirs in spelt and text})
    return CustomValues(kind="deal", record_ref=ref, values=texts)


def missing_fields(client: AmocrmClient) -> list[Record]:
    """A record that tells which of the named fields the account has not; none without settings."""
    wanted = client.options.fields.get("deal", {})
    if not wanted:
        return []
    known = set[str]()
    for each in existing(client, _PATH):
        known |= {str(each.get("id")), str(each.get("code"))}
    gone = sorted(ours for ours, theirs in wanted.items() if theirs not in known)
    return [{"id": "deal", MISSING: gone}]


def rules(context: Context) -> str:
    """Which fields are read: when that changes everything is read again."""
    return repr(sorted(context.fields.get("deal", {}).items()))
