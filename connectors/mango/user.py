"""Employees of the exchange, with their extensions and telephones."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.base import Context, Page, Record, Since
from connectors.error import RetryableError
from connectors.field import are_records, optional_ref, senseless, text_of
from connectors.mango.client import MangoClient
from store.fact import Account, Fact

NAME = "users"
_PATH = "config/users/request"
_ASKED = {"ext_fields": ["general.user_id"]}
"""Without it the list tells no ids."""


def pages(client: MangoClient, since: Since) -> Iterator[Page]:
    """All of them at once; the list tells nobody who was removed."""
    served_at = client.now()
    rows = client.ask(_PATH, _ASKED).get("users")
    if not are_records(rows):
        raise RetryableError("Mango Office answered without the list of employees it documents.")
    client.notes["numbers"] = _numbers(rows)
    yield Page(
        records=[{**row, "ref": _ref(row)} for row in rows],
        checkpoint="",
        served_at=served_at,
        cursor="1",
    )


def numbers_of(client: MangoClient) -> Mapping[str, str]:
    """Whose each extension, SIP address and telephone of the employees is; asked once a pass."""
    if "numbers" not in client.notes:
        for _ in pages(client, Since(changed_from=client.now())):
            pass
    found: Mapping[str, str] = client.notes["numbers"]
    return found


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """An employee; their id, or the extension where the list tells none."""
    general, ref = _part(record, "general"), _ref(record)
    if not ref:
        raise senseless("user_id", "is empty")
    email = text_of(general, "email") or None
    yield Account(
        ref=ref,
        name=text_of(general, "name") or email or f"ID {ref}",
        email=email,
        active=True,
        extension=text_of(_part(record, "telephony"), "extension") or None,
    )


def _numbers(rows: Iterable[Record]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        telephony, ref = _part(row, "telephony"), _ref(row)
        each = telephony.get("numbers")
        known = [entry.get("number") for entry in each or () if isinstance(entry, dict)]
        for number in (telephony.get("extension"), *known):
            if ref and number:
                found[str(number)] = ref
    return found


def _ref(record: Record) -> str | None:
    general = _part(record, "general")
    return optional_ref(general, "user_id") or optional_ref(_part(record, "telephony"), "extension")


def _part(record: Record, name: str) -> dict[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}
