"""Custom fields of ours, on leads or in a list: made once, known by their code, never by name.

There is no upsert: they are listed first, 50 a page at most. (custom-fields)
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient, Body
from connectors.base import Record
from connectors.destination import (
    COVERAGE,
    PLACES,
    DeniedError,
    FieldKind,
    FieldSpec,
    Outcome,
    read_number,
)
from connectors.error import AmbiguousError, AuthError, RejectedError, RemoteError

T = TypeVar("T")
PREFIX = "MERILO_"
_PAGE = 50
_LONGEST_CODE = 50
_TYPES = {FieldKind.MOMENT: "date_time", FieldKind.DATE: "date", FieldKind.TEXT: "text"}
_RIGHTS = (
    "Let the integration belong to an administrator who may use lists, then run"
    " `merilo writeback apply`."
)


def code_of(name: str) -> str:
    """The code of a field of ours; a long one ends with its own fingerprint."""
    code = PREFIX + name.upper()
    if len(code) <= _LONGEST_CODE:
        return code
    digest = hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    return f"{code[: _LONGEST_CODE - 9]}_{digest}"


def type_of(spec: FieldSpec) -> str:
    """The vendor's type: numbers are numeric, since `monetary` is a paid option."""
    if spec.name == COVERAGE:
        return "textarea"
    return "numeric" if spec.kind in PLACES else _TYPES[spec.kind]


def existing(client: AmocrmClient, path: str) -> Iterator[Record]:
    """Every custom field of an entity or a list."""
    number = 1
    while True:
        body = allowed(client.get, f"{path}/custom_fields", (("limit", _PAGE), ("page", number)))
        rows = body.rows("custom_fields")
        yield from rows
        if not rows or not body.has_next:
            return
        number += 1


def there(client: AmocrmClient, path: str, fields: Sequence[FieldSpec]) -> dict[str, str]:
    """Our names of those of these fields that are there with the right type -> their ids."""
    wanted = {code_of(spec.name): spec for spec in fields}
    found = {}
    for each in existing(client, path):
        spec = wanted.get(str(each.get("code")))
        if spec is not None and each.get("type") == type_of(spec):
            found[spec.name] = str(each["id"])
    return found


def create(
    client: AmocrmClient, path: str, fields: Sequence[FieldSpec], **more: Any
) -> Sequence[Outcome]:
    """Adds fields, one outcome each."""

    def send(part: Sequence[FieldSpec]) -> None:
        described = [
            {"name": spec.title, "type": type_of(spec), "code": code_of(spec.name), **more}
            for spec in part
        ]
        client.write("POST", f"{path}/custom_fields", described)

    return sent_in_parts(send, fields)


def drop(client: AmocrmClient, path: str, name: str) -> None:
    """Removes our field with its values; nothing happens when it is gone."""
    for each in existing(client, path):
        if each.get("code") == code_of(name):
            allowed(client.write, "DELETE", f"{path}/custom_fields/{each['id']}")


def sent_in_parts(send: Callable[[Sequence[T]], None], items: Sequence[T]) -> list[Outcome]:
    """One outcome for each item of a batch. The vendor refuses a batch as a whole for one bad item:
    it is sent again in halves, until the bad one stands alone."""
    if not items:
        return []
    try:
        send(items)
    except AmbiguousError as error:
        return [error] * len(items)
    except RejectedError as error:
        if len(items) == 1:
            return [error]
        middle = len(items) // 2
        return [*sent_in_parts(send, items[:middle]), *sent_in_parts(send, items[middle:])]
    except AuthError as error:
        raise denied(error) from None
    return [None] * len(items)


def allowed(ask: Callable[..., Body], *given: Any) -> Body:
    """What a request brings; a missing right is a DeniedError: only this destination waits."""
    try:
        return ask(*given)
    except AuthError as error:
        raise denied(error) from None


def denied(error: RemoteError) -> DeniedError:
    """A refusal that concerns writing alone."""
    return DeniedError(
        error.what, did="Writing to this destination is paused; reading goes on.", todo=_RIGHTS
    )


def spell(spec: FieldSpec, text: str | None, zone: ZoneInfo) -> list[dict[str, Any]] | None:
    """A text of ours as the values of a field; None empties it."""
    if text is None:
        return None
    value: Any = text
    if spec.kind is FieldKind.MOMENT:
        value = int(datetime.fromisoformat(text).timestamp())
    if spec.kind is FieldKind.DATE:  # midnight of the day in the account's zone
        value = int(datetime.combine(date.fromisoformat(text), time.min, zone).timestamp())
    return [{"value": value}]


def texts_in(record: Record, fields: Sequence[FieldSpec], zone: ZoneInfo) -> dict[str, str | None]:
    """Our spelling of our fields in a record; what makes no sense stays as it is."""
    values = {
        str(as_map(each).get("field_code")): as_list(as_map(each).get("values"))
        for each in as_list(record.get("custom_fields_values"))
    }
    return {spec.name: _read(spec, values.get(code_of(spec.name)), zone) for spec in fields}


def _read(spec: FieldSpec, values: list[Any] | None, zone: ZoneInfo) -> str | None:
    raw = as_map(values[0]).get("value") if values else None
    if raw is None or raw == "":
        return None
    try:
        if spec.kind in PLACES:
            return read_number(spec.kind, raw)
        if spec.kind is FieldKind.MOMENT:
            return datetime.fromtimestamp(int(raw), UTC).isoformat(timespec="seconds")
        if spec.kind is FieldKind.DATE:
            return datetime.fromtimestamp(int(raw), zone).date().isoformat()
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        pass
    return str(raw)
