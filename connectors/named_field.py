"""Custom fields that metrics use, as [fields.SOURCE.deal] and [fields.SOURCE.contact] name them:
what every CRM tells of them alike."""

from collections.abc import Collection

from config.value import nearest
from connectors.base import Check, Record
from store.fact import CustomFields

DEAL, CONTACT = "deal", "contact"
_MISSING = "merilo missing"
"""Key of a record of ours, which no field of a vendor is called: names of fields it has not."""


def missing_record(kind: str, names: Collection[str]) -> Record:
    """A record that tells which of the named fields the vendor has not."""
    return {"id": kind, _MISSING: tuple(sorted(names))}


def missing_in(record: Record, kind: str) -> CustomFields | None:
    """What a record of `missing_record` tells; None of a record like others."""
    if _MISSING not in record:
        return None
    return CustomFields(kind=kind, missing=tuple(record[_MISSING]))


def check_of(
    place: tuple[str, str], ours: str, theirs: str, known: Collection[str], *, ok: bool
) -> Check:
    """Whether the vendor has a field; `place`: the source and the kind of record it is named for,
    `known`: the fields there are, for a hint."""
    source, kind = place
    name = f"field {ours}"
    if ok:
        return Check(name=name, ok=True, detail=theirs)
    detail = f"{kind}s have no field {theirs}: metrics made of it are unknown"
    todo = f"Correct {ours} in [fields.{source}.{kind}]{nearest(theirs, known)}"
    return Check(name=name, ok=False, detail=detail, todo=todo)
