"""Custom fields of records as stored: what is filled in, and which the vendor does not have."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection, delete, insert, select, update

from store.fact import CustomFields, CustomValues
from store.mark import clear_mark, read_mark, write_mark
from store.table import CUSTOM_VALUE

_LARGEST = 10**15
InBase = Callable[[str, int], int | None]
"""(record, hundredths of its currency) to hundredths of the base currency; None without a rate."""


def put_values(
    tx: Connection, source_id: int, facts: Iterable[CustomValues], in_base: InBase
) -> int:
    """Makes the values those of the facts; returns how many records changed."""
    changed = 0
    for fact in facts:
        same = (
            CUSTOM_VALUE.c.source_id == source_id,
            CUSTOM_VALUE.c.kind == fact.kind,
            CUSTOM_VALUE.c.ref == fact.record_ref,
        )
        query = select(CUSTOM_VALUE.c.name, CUSTOM_VALUE.c.text).where(*same)
        if {row.name: row.text for row in tx.execute(query)} == fact.values:
            continue
        tx.execute(delete(CUSTOM_VALUE).where(*same))
        rows = [_row(source_id, fact, name, in_base) for name in fact.values]
        if rows:
            tx.execute(insert(CUSTOM_VALUE), rows)
        changed += 1
    return changed


def value_again(
    tx: Connection, source_id: int, kind: str, refs: Collection[str], in_base: InBase
) -> None:
    """Converts the numbers of these records anew, after their money or its rates changed."""
    value = CUSTOM_VALUE.c
    query = select(value.ref, value.name, value.number, value.base_number).where(
        value.source_id == source_id,
        value.kind == kind,
        value.ref.in_(refs),
        value.number.is_not(None),
    )
    for ref, name, number, known in tx.execute(query).all():
        base = in_base(ref, number)
        if base != known:
            tx.execute(
                update(CUSTOM_VALUE)
                .where(value.source_id == source_id, value.kind == kind)
                .where(value.ref == ref, value.name == name)
                .values(base_number=base)
            )


def has_values(tx: Connection, source_id: int) -> bool:
    """Whether anything is kept of the source."""
    query = select(CUSTOM_VALUE.c.ref).where(CUSTOM_VALUE.c.source_id == source_id).limit(1)
    return tx.execute(query).first() is not None


def note_missing(tx: Connection, source_id: int, fact: CustomFields) -> None:
    """Remembers which fields the vendor does not have."""
    _keep_mark(tx, _missing(source_id, fact.kind), " ".join(sorted(fact.missing)))


def missing_fields(tx: Connection, source_id: int, kind: str) -> frozenset[str]:
    """The fields that the settings name and the vendor does not have, as last seen."""
    return frozenset((read_mark(tx, _missing(source_id, kind)) or "").split())


def note_read(tx: Connection, source_id: int, stream: str, fields: Mapping[str, str]) -> None:
    """Remembers which fields all records of a stream were read with: our name to the vendor's."""
    text = json.dumps(fields, sort_keys=True) if fields else ""
    _keep_mark(tx, _read(source_id, stream), text)


def fields_read(tx: Connection, source_id: int, stream: str) -> Mapping[str, str]:
    """What `note_read` remembers."""
    found: Mapping[str, str] = json.loads(read_mark(tx, _read(source_id, stream)) or "{}")
    return found


def _row(source_id: int, fact: CustomValues, name: str, in_base: InBase) -> Mapping[str, object]:
    text = fact.values[name]
    number = _hundredths(text)
    return {
        "source_id": source_id,
        "kind": fact.kind,
        "ref": fact.record_ref,
        "name": name,
        "text": text,
        "number": number,
        "base_number": None if number is None else in_base(fact.record_ref, number),
    }


def _hundredths(text: str) -> int | None:
    try:
        number = Decimal(text).scaleb(2)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _LARGEST:
        return None
    whole = int(number)
    return whole if whole == number else round(number)


def _keep_mark(tx: Connection, name: str, value: str) -> None:
    if value == (read_mark(tx, name) or ""):
        return
    if value:
        write_mark(tx, name, value)
    else:
        clear_mark(tx, name)


def _missing(source_id: int, kind: str) -> str:
    return f"fields.missing.{source_id}.{kind}"


def _read(source_id: int, stream: str) -> str:
    return f"fields.read.{source_id}.{stream}"
