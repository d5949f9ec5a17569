"""Facts about a deal in its own custom fields, UF_CRM_MERILO_*: one record a deal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.paging import Listing
from connectors.bitrix24.record_set import Call, Family, RecordFields
from connectors.destination import Texts

_DEAL = 2
_QUIET = {"REGISTER_SONET_EVENT": "N"}


def _listing(refs: Sequence[str], codes: Sequence[str]) -> Call:
    return "crm.item.list", _page({"@id": list(refs)}, codes)


def _walk(code: str) -> Listing:
    where = ("items",)
    return Listing("values", "crm.item.list", "id", lambda a: _page({">id": a}, [code]), where)


def _page(wanted: Mapping[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    return {
        "entityTypeId": _DEAL,
        "useOriginalUfNames": "Y",
        "filter": dict(wanted),
        "select": ["id", *codes],
        "order": {"id": "ASC"},
        "start": -1,
    }


def _rows(result: Any) -> Iterable[Mapping[str, Any]]:
    return as_map(as_map(result).get("items")).values()


def _update(ref: str, texts: Texts) -> Call:
    """crm.item.update does not always empty a field (issues #145, #269): the old method does."""
    fields = {code: text or "" for code, text in texts.items()}
    if None in texts.values():
        return "crm.deal.update", {"id": ref, "fields": fields, "params": _QUIET}
    params = {"entityTypeId": _DEAL, "id": ref, "useOriginalUfNames": "Y", "fields": fields}
    return "crm.item.update", params


DEALS = Family(
    kind="deal",
    entity="CRM_DEAL",
    userfields="crm.deal.userfield",
    prefix="UF_CRM_MERILO_",
    scopes="crm",
    id_name="id",
    listing=_listing,
    rows=_rows,
    update=_update,
    walk=_walk,
)


def make_target(client: Bitrix24Client, _settings: object) -> RecordFields:
    """The writer of the destination kind `record_fields`."""
    return RecordFields(client, DEALS)
