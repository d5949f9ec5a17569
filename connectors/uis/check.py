"""What `merilo check` looks at in an account: the key, its rights, its points, the clock."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check
from connectors.clock_gap import check_clock
from connectors.error import RemoteError
from connectors.uis.account import Account, account_of, local_from, local_till
from connectors.uis.call import LEGS, SESSIONS
from connectors.uis.classify import whole
from connectors.uis.client import Reply, UisClient
from connectors.uis.report import Report

_LOOKED_AT = timedelta(hours=1)
_EMPLOYEES = "People are joined by e-mail, then by extension: fill these in in the cabinet."


def check(client: UisClient) -> Iterator[Check]:
    """One line for each thing the key must allow; four requests."""
    client.notes.clear()
    try:
        account = account_of(client)
    except RemoteError as error:
        yield Check.failed("token", error)
        return
    detail = f"accepted by account {account.id}, time zone {account.zone.key}"
    yield Check(name="token", ok=True, detail=detail)
    yield _employees(client)
    for name, report in (("calls", SESSIONS), ("legs of calls", LEGS)):
        yield from _report(client, account, name, report)
    yield check_clock(client.options.clock(), client.now(), "account")


def _employees(client: UisClient) -> Check:
    try:
        reply = client.ask("get.employees", fields=("id", "email", "extension"), limit=1_000)
    except RemoteError as error:
        return Check.failed("employees", error)
    known = sum(bool(row.get("email") or row.get("extension")) for row in reply.rows)
    detail = f"{len(reply.rows)}, {known} with an e-mail or an extension"
    return Check(
        name="employees",
        ok=known > 0 or not reply.rows,
        detail=detail,
        todo="" if known == len(reply.rows) else _EMPLOYEES,
    )


def _report(client: UisClient, account: Account, name: str, report: Report) -> Iterator[Check]:
    now = client.now()
    try:
        reply = client.ask(
            report.method,
            fields=report.fields,
            date_from=local_from(now - _LOOKED_AT, account.zone),
            date_till=local_till(now, account.zone),
            limit=1,
        )
    except RemoteError as error:
        yield Check.failed(name, error)
        return
    yield Check(name=name, ok=True, detail="yes")
    if report is LEGS:
        yield _points(client, reply)


def _points(client: UisClient, reply: Reply) -> Check:
    """Whether a day's points suffice: a pass costs three, at most."""
    limit, left = (whole(reply.limits.get(f"day_{name}")) for name in ("limit", "remaining"))
    needed = 3 * round(timedelta(days=1) / client.settings.poll)
    ok = not limit or needed <= limit
    told = f"{left} of {limit} left today" if limit else "not counted"
    return Check(
        name="points",
        ok=ok,
        detail=f"{told}, about {needed} needed a day",
        todo="" if ok else "Ask less often (`poll`), or order more points in the cabinet.",
    )
