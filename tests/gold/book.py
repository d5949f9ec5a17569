"""The hand-made month: its rows as facts, and the numbers written down for it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from connectors.base import Context
from connectors.bitrix24 import normalize
from store.fact import (
    Account,
    Deal,
    DealState,
    Direction,
    Email,
    EmailKind,
    Fact,
    Lead,
    Meeting,
    MeetingState,
    OwnerEvent,
    Quote,
    Rate,
    Removal,
    StageChange,
    Step,
)

FOLDER = Path(__file__).parent
Row = Mapping[str, str]


class Count(NamedTuple):
    """What the record `ref` adds: so much to a sum of someone on a day ("open": on 31 October)."""

    ref: str
    day: str
    who: str
    name: str
    amount: Decimal


def rows(name: str) -> list[Row]:
    """The rows of a data file."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counts() -> Iterator[Count]:
    """What all rows say they add."""
    for name in ("calls", "deals", "leads", "quotes", "mails", "meetings"):
        for row in rows(name):
            ref = row.get("ref") or _call(row)
            for part in filter(None, row["counts"].split(" | ")):
                place, _, sums = part.partition(": ")
                day, people = place.split()
                for each in sums.split():
                    metric, _, amount = each.partition("=")
                    for who in people.split(","):
                        yield Count(ref, day, who, metric, Decimal(amount or 1))


def moment(text: str) -> datetime:
    """A local time with its offset, as UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _call(row: Row) -> str:
    names = (("s", "SESSION_ID"), ("e", "EXTERNAL_CALL_ID"), ("c", "CALL_ID"))
    return next(f"{prefix}:{row[name]}" for prefix, name in names if row[name])


def _optional(text: str) -> str | None:
    return text or None


def _minor(text: str) -> int:
    return int(Decimal(text) * 100)


def account(row: Row) -> Fact:
    """A row of people.csv."""
    return Account(
        ref=row["ref"], name=row["name"], email=row["email"], active=row["active"] == "yes"
    )


def deal(row: Row) -> Fact:
    """A version of a deal."""
    return Deal(
        ref=row["ref"],
        pipeline_ref="0",
        stage_ref=row["stage"],
        state=DealState[row["state"].upper()],
        amount=_minor(row["amount"]),
        currency=row["currency"],
        owner_ref=row["owner"],
        client_ref=_optional(row["client"]),
        created_at=moment(row["created"]),
        updated_at=moment(row["updated"]),
        closed_at=moment(row["closed"]) if row["closed"] else None,
        lead_ref=_optional(row["lead"]),
        quote_ref=_optional(row["quote"]),
    )


def move(row: Row) -> Fact:
    """A row of the stage history."""
    return StageChange(
        ref=row["ref"],
        kind="deal",
        record_ref=row["deal"],
        at=moment(row["at"]),
        pipeline_ref="0",
        stage_ref=row["stage"],
        state=DealState[row["state"].upper()],
        step=Step[row["step"].upper()],
        seen_at=moment(row["seen"]),
    )


def handover(row: Row) -> Fact:
    """A row of the CRM's own history of owners."""
    return OwnerEvent(
        ref=row["ref"],
        kind="deal",
        record_ref=row["deal"],
        at=moment(row["at"]),
        before_ref=row["before"],
        after_ref=row["after"],
    )


def rate(row: Row) -> Fact:
    """A rate as it was seen."""
    return Rate(
        currency=row["currency"],
        seen_at=moment(row["seen"]),
        numerator=int(row["numerator"]),
        denominator=int(row["denominator"]),
    )


def lead(row: Row) -> Fact:
    """A version of a lead."""
    return Lead(
        ref=row["ref"],
        stage_ref=row["stage"],
        state=DealState[row["state"].upper()],
        owner_ref=row["owner"],
        created_at=moment(row["created"]),
        updated_at=moment(row["updated"]),
    )


def quote(row: Row) -> Fact:
    """A version of a quote."""
    return Quote(
        ref=row["ref"],
        stage_ref=row["stage"],
        deal_ref=_optional(row["deal"]),
        owner_ref=row["owner"],
        created_at=moment(row["created"]),
        updated_at=moment(row["updated"]),
    )


def mail(row: Row) -> Fact:
    """A version of a letter."""
    return Email(
        ref=row["ref"],
        direction=Direction[row["way"].upper()],
        kind=EmailKind[row["kind"].upper()],
        owner_ref=row["owner"],
        begun_at=moment(row["at"]),
        updated_at=moment(row["updated"]),
        about_ref=_optional(row["about"]),
        message_hash=_optional(row["message"]),
    )


def meeting(row: Row) -> Fact:
    """A version of a meeting."""
    return Meeting(
        ref=row["ref"],
        state=MeetingState[row["state"].upper()],
        owner_ref=row["owner"],
        begun_at=moment(row["at"]),
        updated_at=moment(row["updated"]),
        about_ref=_optional(row["about"]),
    )


def removal(row: Row) -> Fact:
    """The vendor says that a record is gone."""
    return Removal(kind=row["kind"], record_ref=row["ref"], at=moment(row["at"]))


def leg(row: Row, context: Context) -> Sequence[Fact]:
    """A row of the call statistics, by the rules of the vendor who has them."""
    record: dict[str, Any] = {name: value or None for name, value in row.items()}
    record["CALL_START_DATE"] = datetime.fromisoformat(row["CALL_START_DATE"]).isoformat()
    return list(normalize.call(record, context))
