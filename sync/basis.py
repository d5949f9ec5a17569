"""By what the stored facts are credited, as one mark that every process reads."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from store.mark import read_mark, write_mark

_BASIS = "credit.basis"
NO_RULES = "-"


class Basis(NamedTuple):
    """`version` counts the changes: of zone, currency and calendar, and of people and rates too.

    `calendar`: see `config.work_calendar.calendar_text`. `calls`: see `call_rules_text`.
    """

    version: int
    zone: str
    currency: str
    calendar: str
    calls: str = NO_RULES


def read_basis(tx: Connection) -> Basis | None:
    """The basis of now; None before facts were ever credited."""
    text = read_mark(tx, _BASIS)
    if text is None:
        return None
    version, *settings = text.split()
    return Basis(int(version), *settings)


def write_basis(tx: Connection, basis: Basis) -> None:
    """Makes this the basis: who credits by another version reads people and rates again."""
    write_mark(tx, _BASIS, " ".join(map(str, basis)))


def call_rules_text(rules: Mapping[int, str]) -> str:
    """Rules of credit for calls by source, as one word."""
    return ",".join(f"{source_id}:{rules[source_id]}" for source_id in sorted(rules)) or NO_RULES


def call_rules_of(text: str) -> dict[int, str]:
    """What `call_rules_text` wrote."""
    parts = [each.partition(":") for each in text.split(",") if text != NO_RULES]
    return {int(source_id): rule for source_id, _, rule in parts}
