"""How a scorecard's values are named, sent and read in a smart process."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.destination import (
    KEY,
    OWNER,
    PLACES,
    TITLE,
    DeniedError,
    FieldKind,
    FieldSpec,
    read_number,
)
from connectors.error import AuthError, RemoteError

PROCESS_TITLE = "Показатели менеджеров"
MARK = "MERILO_KEY"
"""External id of the key field: by it a process of ours is known even under another title."""

FIELD_TYPE: Mapping[FieldKind, str] = {
    FieldKind.COUNT: "integer",
    FieldKind.SECONDS: "integer",
    FieldKind.MONEY: "double",
    FieldKind.RATIO: "double",
    FieldKind.NUMBER: "double",
    FieldKind.MOMENT: "datetime",
    FieldKind.DATE: "date",
    FieldKind.TEXT: "string",
}
ATTRIBUTE: Mapping[str, str] = {TITLE: "title", OWNER: "assignedById"}
"""What every item has without a field of ours."""

_LONGEST_CODE = 50


def field_code(type_id: int, name: str) -> str:
    """`UF_CRM_{id of the type}_{NAME}`, at most 50 characters (docs: userfieldconfig.add)."""
    return code_of(f"UF_CRM_{type_id}_", name)


def code_of(prefix: str, name: str) -> str:
    """The name of a field behind its prefix; a long one ends with its own fingerprint."""
    code = prefix + name.upper()
    if len(code) <= _LONGEST_CODE:
        return code
    digest = hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    return f"{code[: _LONGEST_CODE - 9]}_{digest}"


def describe_field(type_id: int, spec: FieldSpec) -> dict[str, Any]:
    """The parameters of userfieldconfig.add for a field."""
    field: dict[str, Any] = {
        "entityId": f"CRM_{type_id}",
        "fieldName": field_code(type_id, spec.name),
        "userTypeId": FIELD_TYPE[spec.kind],
        "editFormLabel": {"ru": spec.title, "en": spec.title},
        "editInList": "N",
    }
    if FIELD_TYPE[spec.kind] == "double":
        field["settings"] = {"PRECISION": PLACES[spec.kind]}
    if spec.name == KEY:
        field["xmlId"] = MARK
    return {"moduleId": "crm", "field": field}


def read_value(kind: FieldKind, raw: Any) -> str | None:
    """Our spelling of a value in crm.item.list; empty texts are empty fields."""
    if raw is None or raw in ("", []):
        return None
    if kind is FieldKind.DATE:
        return str(raw)[:10]
    if kind is FieldKind.MOMENT:
        return datetime.fromisoformat(raw).astimezone(UTC).isoformat(timespec="seconds")
    return read_number(kind, raw) if kind in PLACES else str(raw)


def denied(error: RemoteError, scopes: str = "crm and userfieldconfig") -> RemoteError:
    """A refusal of one command within a batch that itself was let in: a right is missing.

    `scopes`: what the webhook needs for this destination.
    """
    if not isinstance(error, AuthError):
        return error
    return DeniedError(
        error.what,
        did="Writing to this destination is paused; reading goes on.",
        todo=f"Let the webhook belong to an administrator with the scopes {scopes},"
        " then run `merilo writeback apply`.",
    )
