"""Employees: who can be rung, with e-mail and extension; and all numbers that are theirs."""

import re
from collections.abc import Iterable, Iterator

from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref, text_of
from connectors.uis.classify import as_map
from connectors.uis.client import UisClient
from store.fact import Account, Fact

NAME = "users"
MOST = 5_000
_FIELDS = ("id", "full_name", "email", "phone_numbers", "extension")
_NOT_DIGIT = re.compile(r"\D+")
_AS_DIALLED = re.compile(r"8\d{10}")
"""People write these numbers by hand; reports tell of clients with the country's code."""


def pages(client: UisClient, since: Since) -> Iterator[Page]:
    """All of them: the list has no mark of change."""
    offset, numbers = 0, set[str]()
    while True:
        reply = client.ask(
            "get.employees",
            fields=_FIELDS,
            sort=[{"field": "full_name", "order": "asc"}],
            limit=MOST,
            offset=offset,
        )
        numbers |= {number for row in reply.rows for number in _numbers(row)}
        yield Page(records=reply.rows, checkpoint="", served_at=reply.served_at, cursor="1")
        offset += len(reply.rows)
        if not reply.rows or offset >= (reply.total or 0):
            break
    client.notes["numbers"] = numbers


def numbers_of(client: UisClient) -> set[str]:
    """The digits of every extension and telephone of the employees, asked once a pass."""
    if "numbers" not in client.notes:
        for _ in pages(client, Since(changed_from=client.now())):
            pass
    found: set[str] = client.notes["numbers"]
    return found


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """An employee (get.employees); whoever was deleted is in no list."""
    ref = required_ref(record, "id")
    email = text_of(record, "email") or None
    extension = as_map(record.get("extension"))
    yield Account(
        ref=ref,
        name=text_of(record, "full_name") or email or f"ID {ref}",
        email=email,
        active=True,
        extension=optional_ref(extension, "extension_phone_number"),
    )


def digits_of(number: object) -> str:
    """The digits of a number."""
    return _NOT_DIGIT.sub("", str(number or ""))


def _numbers(record: Record) -> Iterator[str]:
    """Own numbers; one with an add-on ("...") is the number of an office that others have too."""
    yield digits_of(as_map(record.get("extension")).get("extension_phone_number"))
    listed = record.get("phone_numbers")
    for each in listed if isinstance(listed, list) else []:
        number = str(as_map(each).get("phone_number") or "")
        if "..." not in number:
            digits = digits_of(number)
            yield digits
            if _AS_DIALLED.fullmatch(digits):
                yield f"7{digits[1:]}"
