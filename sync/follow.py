"""What named a record that is gone: after a merge it names the one that stayed, and says nothing.

A merge leaves no trace but a record that vanished, so whatever named it is read again.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table

from store.call import CALL_LEG
from store.directory import source_ids
from store.fact import Removal
from store.surrounding import CLIENT
from store.table import DEAL, EMAIL, MEETING, QUOTE
from store.upsert import find_rows
from sync.page import fetch_records
from sync.source import Source

_ABOUT = (("activities", EMAIL, "about_ref"), ("activities", MEETING, "about_ref"))
_OF_CLIENT = (
    ("deals", DEAL, "client_ref"),
    ("calls", CALL_LEG, "client_ref"),
    ("contacts", CLIENT, "company_ref"),
    *_ABOUT,
)
_NAMING: Mapping[str, tuple[tuple[str, Table, str], ...]] = {
    "leads": (("deals", DEAL, "lead_ref"), ("calls", CALL_LEG, "client_ref"), *_ABOUT),
    "quotes": (("deals", DEAL, "quote_ref"), *_ABOUT),
    "deals": (("quotes", QUOTE, "deal_ref"), *_ABOUT),
    "contacts": _OF_CLIENT,
    "companies": _OF_CLIENT,
}
"""By the stream of what is gone: the streams, tables and columns that may name it."""
_KIND = {"leads": "lead", "quotes": "quote", "deals": "deal"}
_STREAM = {kind: stream for stream, kind in _KIND.items()} | {"client": "contacts"}
_PLAIN = frozenset({"lead_ref", "quote_ref", "deal_ref"})
"""Columns that hold an id alone; others tell the kind too."""


def follow_removals(source: Source, removals: Sequence[Removal]) -> None:
    """Reads again what named records that the vendor itself tells are gone."""
    gone: dict[str, list[str]] = {}
    for each in removals:
        gone.setdefault(_STREAM.get(each.kind, ""), []).append(each.record_ref)
    for stream, refs in gone.items():
        follow(source, stream, refs)


def follow(source: Source, stream: str, gone: Sequence[str]) -> int:
    """Reads again what named these records of a stream; how many of them changed."""
    changed = 0
    for each in source.connector.streams:
        with source.store.read() as tx:
            refs = _naming(tx, source.name, stream, each.name, gone)
        if refs:
            changed += fetch_records(source, each, sorted(refs)).changed
    return changed


def _naming(
    tx: Connection, source: str, stream: str, reading: str, gone: Sequence[str]
) -> set[str]:
    source_id = source_ids(tx).get(source, 0)
    found: set[str] = set()
    for name, table, column in _NAMING.get(stream, ()):
        if name == reading:
            kind = _KIND.get(stream)
            told = gone if kind is None or column in _PLAIN else [f"{kind}:{ref}" for ref in gone]
            found.update(
                ref for (ref,) in find_rows(tx, table, ("ref",), source_id, told, by=column)
            )
    return found
