"""What `merilo check` looks at in an exchange: signature, employees, a report, the clock."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check, Record, Since
from connectors.clock_gap import check_clock
from connectors.error import RemoteError
from connectors.mango import report, user
from connectors.mango.client import MangoClient
from connectors.window import Window

_LOOKED_AT = timedelta(days=1)
_EMAILS = "Enter the employees' e-mails in the exchange's cabinet, or name them in [[managers]]."


def check(client: MangoClient) -> Iterator[Check]:
    """One line for each thing an exchange must allow; three requests, some seconds."""
    try:
        people = [
            row
            for page in user.pages(client, Since(changed_from=client.now()))
            for row in page.records
        ]
    except RemoteError as error:
        yield Check.failed("signature", error)
        return
    yield Check(name="signature", ok=True, detail="accepted")
    yield _employees(people)
    yield _statistics(client)
    yield check_clock(client.options.clock(), client.now(), "exchange")


def _employees(people: list[Record]) -> Check:
    addresses = [row for row in people if (row.get("general") or {}).get("email")]
    lacking = len(people) - len(addresses)
    detail = f"{len(people)}, {lacking} of them without an e-mail" if lacking else f"{len(people)}"
    return Check(name="employees", ok=not lacking, detail=detail, todo=_EMAILS if lacking else "")


def _statistics(client: MangoClient) -> Check:
    now = client.now()
    try:
        rows = sum(len(rows) for rows, _ in report.rows_of(client, Window(now - _LOOKED_AT, now)))
    except RemoteError as error:
        return Check.failed("statistics", error)
    return Check(name="statistics", ok=True, detail=f"{rows} calls in the last day")
