"""What `merilo check` looks at: whether the records are there, what they tell, and the zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from connectors.base import Check, Since
from connectors.cdr.client import CdrClient
from connectors.cdr.flat import PROFILES
from connectors.cdr.row import Row
from connectors.cdr.stream import pages, sample
from connectors.cdr.table_rows import call_columns
from connectors.error import DataError, RemoteError

_RECENT = timedelta(days=7)
_MOST_ROWS = 20_000


def check(client: CdrClient) -> Iterator[Check]:
    """One line for each thing that reading needs; reads the last week."""
    begins_at = client.now() - _RECENT
    try:
        if client.settings.profile in PROFILES:
            first = next(iter(pages(client, Since(changed_from=begins_at))))
            detail = f"{len(first.records)} of the last week on the first page"
            yield Check(name="records", ok=True, detail=detail)
            return
        rows = list(islice(sample(client, begins_at), _MOST_ROWS))
    except RemoteError as error:
        yield Check.failed("records", error)
        return
    good = [row for row in rows if isinstance(row, Row)]
    bad = len(rows) - len(good)
    detail = f"{len(good)} rows of the last week" + (f", {bad} make no sense" if bad else "")
    yield Check(name="records", ok=True, detail=detail)
    yield from _columns(client)
    if good:
        yield _zone(client, good[-1])
        yield _extensions(client, good)


def _columns(client: CdrClient) -> Iterator[Check]:
    database, settings = client.database, client.settings
    if database is None:
        return
    if settings.profile == "asterisk":
        linked = "linkedid" in call_columns(database, settings)
        yield Check(
            name="linkedid",
            ok=linked,
            detail="there" if linked else "the table has no such column",
            todo="" if linked else "Update the switchboard: without it a transfer is two calls.",
        )
        has_events = bool(settings.cel_table and database.columns(settings.cel_table))
        detail = "read: talk is exact" if has_events else "none: talk may hold ringing, marked so"
        yield Check(name="cel", ok=True, detail=detail)


def _zone(client: CdrClient, row: Row) -> Check:
    try:
        at = datetime.fromtimestamp(client.clock.utc(row.local_s, row.unique), UTC)
    except DataError as error:
        return Check(name="zone", ok=False, detail=error.what, todo="Set `zone` of the server.")
    hours = (client.clock.offset_s or 0) / 3600
    ok = at <= client.now() + timedelta(minutes=10)
    return Check(
        name="zone",
        ok=ok,
        detail=f"UTC{hours:+g}, the last row began {at:%Y-%m-%d %H:%M} UTC",
        todo="" if ok else "The last row lies ahead: set the server's clock, or `zone`.",
    )


def _extensions(client: CdrClient, rows: list[Row]) -> Check:
    rule = client.rule
    parties = {party for row in rows for party in (rule.caller(row), rule.called(row))}
    found = sorted({party.name for party in parties if party.side == "employee"})
    outside = any(party.side == "outside" for party in parties)
    shown = ", ".join(found[:20]) + (f" and {len(found) - 20} more" if len(found) > 20 else "")
    return Check(
        name="extensions",
        ok=bool(found and outside),
        detail=shown or "none seen",
        todo="" if found and outside else "Check `extensions` and `trunks`.",
    )
