"""Reports of any length: cut by time, never by a growing offset.

The vendor refuses offsets over 100,000 and windows over three months, and calls keep coming while
pages are read. So every page begins with the second in which the last one ended, and how many rows
are left is told anew by each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.error import RetryableError
from connectors.uis.account import is_twice
from connectors.uis.client import Reply, UisClient

MOST = 5_000
"""Rows of a page; 10,000 are allowed, and a page costs a point whatever it holds."""


class Rows(NamedTuple):
    """Rows that were not seen before, and the vendor's time."""

    rows: list[Record]
    served_at: datetime


@dataclass(frozen=True, kw_only=True)
class Report:
    """A method and the columns asked for: what is not asked for is not told."""

    method: str
    fields: tuple[str, ...]

    def between(self, client: UisClient, first: str, last: str, zone: ZoneInfo) -> Iterator[Rows]:
        """Every row that began from `first` to `last` (the account's local time), in order."""
        seen = set[object]()
        start, offset = first, 0
        while True:
            reply = self._page(client, start, last, offset, zone)
            rows = reply.rows
            fresh = [row for row in rows if row.get("id") not in seen]
            seen.update(row.get("id") for row in rows)
            yield Rows(fresh, reply.served_at)
            if _is_last(reply, offset):
                return
            end = str(rows[-1].get("start_time"))
            # In the hour that comes twice no local time tells how far one has come
            stays = end == start or is_twice(end, zone)
            start, offset = (start, offset + len(rows)) if stays else (end, 0)

    def _page(self, client: UisClient, first: str, last: str, offset: int, zone: ZoneInfo) -> Reply:
        reply = client.ask(
            self.method,
            fields=self.fields,
            date_from=first,
            date_till=last,
            sort=[{"field": "start_time", "order": "asc"}],
            limit=MOST,
            offset=offset,
        )
        begins = [str(row.get("start_time")) for row in reply.rows]
        if any(one > other and not is_twice(one, zone) for one, other in pairwise(begins)):
            raise RetryableError(f"{self.method} is not listed in the order asked for.")
        return reply


def _is_last(reply: Reply, offset: int) -> bool:
    if reply.total is None:
        return len(reply.rows) < MOST
    if offset + len(reply.rows) >= reply.total:
        return True
    if not reply.rows:
        raise RetryableError("The report tells of more rows than it shows.")
    return False
