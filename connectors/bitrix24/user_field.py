"""KPI values in custom fields of employees, UF_USR_MERILO_*: one record a manager."""

from collections.abc import Sequence
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.paging import Listing
from connectors.bitrix24.record_set import Call, Family, RecordFields
from connectors.destination import Texts


def _listing(refs: Sequence[str], codes: Sequence[str]) -> Call:
    return "user.get", {"FILTER": {"@ID": list(refs)}, **_ordered(codes)}


def _walk(code: str) -> Listing:
    return Listing("values", "user.get", "ID", lambda a: {"FILTER": {">ID": a}, **_ordered([code])})


def _ordered(codes: Sequence[str]) -> dict[str, Any]:
    return {"select": ["ID", *codes], "SORT": "ID", "ORDER": "ASC", "start": -1}


def _update(ref: str, texts: Texts) -> Call:
    return "user.update", {"ID": ref, **{code: text or "" for code, text in texts.items()}}


EMPLOYEES = Family(
    kind="user",
    entity="USER",
    userfields="user.userfield",
    prefix="UF_USR_MERILO_",
    scopes="user and user.userfield",
    listing=_listing,
    update=_update,
    walk=_walk,
)
"""user.update sets only the named fields (docs: user.update, user.userfield.add)."""


def make_target(client: Bitrix24Client, _settings: object) -> RecordFields:
    """The writer of the destination kind `user_fields`."""
    return RecordFields(client, EMPLOYEES)
