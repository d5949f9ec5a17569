"""What stands behind events of deletion, restoring and merging: an event alone removes nothing.

A merge names the survivor only; the other one lies in the bin, and what belonged to it, leads,
notes and tasks, belongs to the survivor without any mark of change. (events-and-notes, leads-api:
with=only_deleted)
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from connectors.amocrm import lead, note, task
from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.walk import Walk, walk_on, whole
from connectors.base import Record

GONE, SHOWN = "merilo_gone", "merilo_shown"
NOTED, PLANNED = "merilo_noted", "merilo_planned"
"""Types of the records we put behind events: a lead that is gone, one as it stands now, and notes
and tasks beside what others were merged into."""

_OF_LEADS = ("lead_deleted", "lead_restored", "entity_merged")
_FOLDERS: Mapping[Any, str] = {"contact": "contacts", "company": "companies"}
_BIN = Walk(path=lead.PATH, name="leads", query=(("with", "only_deleted"),))
_MOST_PAGES = 40
"""Of the bin; in a larger one the sweep finds what was merged away."""


def behind(client: AmocrmClient, events: Sequence[Record]) -> list[Record]:
    """The events, and after them what became of the leads they are about."""
    named = [row for row in events if row.get("type") in _OF_LEADS]
    leads = {str(row.get("entity_id")) for row in named if row.get("entity_type") == "lead"}
    if not named:
        return list(events)
    for row in named:
        if row.get("entity_type") in _FOLDERS:
            leads |= _leads_of(client, _FOLDERS[row["entity_type"]], str(row.get("entity_id")))
    merged = [whole(row, "created_at") for row in named if row.get("type") == "entity_merged"]
    gone = dict(_in_bin(client, min(merged))) if merged else {}
    shown = [
        record
        for page in lead.fetch(client, sorted(leads - gone.keys()))
        for record in page.records
    ]
    found = {str(record["id"]) for record in shown}
    moments = {str(row.get("entity_id")): whole(row, "created_at") for row in named}
    gone |= {ref: moments[ref] for ref in leads - found - gone.keys() if ref in moments}
    return [
        *events,
        *(_gone(ref, at) for ref, at in gone.items()),
        *({"id": f"shown {row['id']}", "type": SHOWN, "lead": row} for row in shown),
        *_beside(client, named),
    ]


def _beside(client: AmocrmClient, named: Sequence[Record]) -> Iterator[Record]:
    """What lies beside the records others were merged into, whether it was there before or not."""
    survivors = {
        (_FOLDERS.get(row.get("entity_type"), "leads"), str(row.get("entity_id")))
        for row in named
        if row.get("type") == "entity_merged"
    }
    for folder, ref in sorted(survivors):
        for row in note.beside(client, folder, ref):
            yield {"id": f"noted {row['id']}@{folder}", "type": NOTED, "note": row}
        for row in task.beside(client, folder, ref):
            yield {"id": f"planned {row['id']}", "type": PLANNED, "task": row}


def _gone(ref: str, at: int) -> Record:
    return {
        "id": f"gone {ref}",
        "type": GONE,
        "entity_type": "lead",
        "entity_id": ref,
        "created_at": at,
    }


def _in_bin(client: AmocrmClient, since: int) -> Iterator[tuple[str, int]]:
    """Ids of the leads that came into the bin since the moment, and when (unix seconds)."""
    for rows in islice(walk_on(client, _BIN), _MOST_PAGES):
        for row in rows.rows:
            if row.get("is_deleted") is True and whole(row, "updated_at") >= since:
                yield str(row["id"]), whole(row, "updated_at")


def _leads_of(client: AmocrmClient, folder: str, ref: str) -> set[str]:
    """The leads of a contact or company."""
    card = client.get(f"api/v4/{folder}/{ref}", (("with", "leads"),)).data
    rows = as_list(as_map(card.get("_embedded")).get("leads"))
    return {str(as_map(row).get("id")) for row in rows}
