"""Facts about a deal in its own custom fields, UF_CRM_MERILO_*: one record a deal."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.paging import Listing
from connectors.bitrix24.record_set import Call, Family, RecordFields
from connectors.destination import Texts

_DEAL = 2
_QUIET = {"REGISTER_SONET_EVENT": "N"}


def _listing(refs: Sequence[str], codes: Sequence[str]) -> Call:
    return "crm.deal.list", _page({"@ID": list(refs)}, codes)


def _walk(code: str) -> Listing:
    return Listing("values", "crm.deal.list", "ID", lambda after: _page({">ID": after}, [code]))


def _page(wanted: Mapping[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """The old method: the new one, asked for original names, loses the id from a selection
    (b24-rest-docs issues #263, #368), and its own names of custom fields follow no rule."""
    return {
        "filter": dict(wanted),
        "select": ["ID", *codes],
        "order": {"ID": "ASC"},
        "start": -1,
    }


def _update(ref: str, texts: Texts) -> Call:
    """crm.item.update does not always empty a field (issues #145, #269): the old method does.

    It takes names in either spelling (universal/index.md).
    """
    fields = {code: text or "" for code, text in texts.items()}
    if None in texts.values():
        return "crm.deal.update", {"id": ref, "fields": fields, "params": _QUIET}
    return "crm.item.update", {"entityTypeId": _DEAL, "id": ref, "fields": fields}


DEALS = Family(
    kind="deal",
    entity="CRM_DEAL",
    userfields="crm.deal.userfield",
    prefix="UF_CRM_MERILO_",
    scopes="crm",
    listing=_listing,
    update=_update,
    walk=_walk,
)


def make_target(client: Bitrix24Client, _settings: object) -> RecordFields:
    """The writer of the destination kind `record_fields`."""
    return RecordFields(client, DEALS)
