"""By what the stored facts are credited, as one mark that every process reads."""

from typing import NamedTuple

from sqlalchemy import Connection

from store.mark import read_mark, write_mark

_BASIS = "credit.basis"


class Basis(NamedTuple):
    """`version` counts the changes: of zone, currency and calendar, and of people and rates too.

    `calendar`: see `config.work_calendar.calendar_text`.
    """

    version: int
    zone: str
    currency: str
    calendar: str


def read_basis(tx: Connection) -> Basis | None:
    """The basis of now; None before facts were ever credited."""
    text = read_mark(tx, _BASIS)
    if text is None:
        return None
    version, zone, currency, calendar = text.split()
    return Basis(int(version), zone, currency, calendar)


def write_basis(tx: Connection, basis: Basis) -> None:
    """Makes this the basis: who credits by another version reads people and rates again."""
    write_mark(tx, _BASIS, " ".join(map(str, basis)))
