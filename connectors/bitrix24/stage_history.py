"""The stream of stage history: an append-only list of every move of every deal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import NO_PARAMS, Command, iso
from connectors.bitrix24.normalize import DEFAULT_PIPELINE, state_of
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import Listing, fetch_by_id
from connectors.bitrix24.run import open_run, read_run, up_to_greatest
from connectors.field import moment, optional_ref, required_ref, senseless, whole
from store.fact import Fact, StageChange, Step

NAME = "stage_history"
LATE_ROWS = 20
"""Ids read again below the greatest one seen: an id is taken before its row becomes visible."""

_DEAL_TYPE = 2
_FIELDS = (
    "ID",
    "TYPE_ID",
    "OWNER_ID",
    "CREATED_TIME",
    "CATEGORY_ID",
    "STAGE_SEMANTIC_ID",
    "STAGE_ID",
)


def opening(since: Since) -> Sequence[Command]:
    """The newest rows, or the first of everything."""
    return open_run(_listing_of(since), since, after=_after(since))


def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Every move made since the last run, or since the beginning, and a few before."""
    first = first_answer(client, NAME, since, opening)
    rows = read_run(client, _listing_of(since), since, _after(since), first=first)
    for page in up_to_greatest(rows, since):
        yield replace(page, records=_seen(page.records, page.served_at))


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The rows with these ids."""
    for page in fetch_by_id(client, refs, lambda some: _listing({"@ID": some})):
        yield replace(page, records=_seen(page.records, page.served_at))


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A row of crm.stagehistory.list (crm-stage-history-list.md)."""
    step = whole(record, "TYPE_ID")
    if step not in set(Step):
        raise senseless("TYPE_ID", "is none of 1, 2, 3, 5")
    yield StageChange(
        ref=required_ref(record, "ID"),
        kind="deal",
        record_ref=required_ref(record, "OWNER_ID"),
        at=moment(record, "CREATED_TIME"),
        pipeline_ref=optional_ref(record, "CATEGORY_ID") or DEFAULT_PIPELINE,
        stage_ref=required_ref(record, "STAGE_ID"),
        state=state_of(record, "STAGE_SEMANTIC_ID"),
        step=Step(step),
        seen_at=moment(record, "seen_at"),
    )


def _seen(rows: Sequence[Record], served_at: datetime) -> list[Record]:
    """The rows with the moment up to which they tell the history."""
    return [{**row, "seen_at": served_at.isoformat()} for row in rows]


def _after(since: Since) -> str:
    return str(max(int(since.cursor or 0) - LATE_ROWS, 0))


def _listing_of(since: Since) -> Listing:
    made = NO_PARAMS if since.cursor else {">=CREATED_TIME": iso(since.changed_from)}
    return _listing(made)


def _listing(where: Mapping[str, Any]) -> Listing:
    def params(after: str) -> Mapping[str, Any]:
        return {
            "entityTypeId": _DEAL_TYPE,
            "select": _FIELDS,
            "filter": {**where, ">ID": after},
            "order": {"ID": "ASC"},
            "start": -1,
        }

    return Listing(NAME, "crm.stagehistory.list", "ID", params, ("items",))
