"""Reads a stream anew when the settings by which its records are understood have changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from connectors.base import Stream
from store.mark import read_mark, write_mark
from store.stream import StreamState, save_stream
from sync.source import Source

log = structlog.get_logger("merilo.sync")


def apply_rules(tx: Connection, source: Source, stream: Stream, state: StreamState) -> StreamState:
    """The stream's state, asking for everything if its records would be understood otherwise now.

    The rules are remembered with that request: a kill in between loses neither.
    """
    text = _rules(source, stream)
    if not text:
        return state
    name = f"rules/{source.name}/{stream.name}"
    rules = hashlib.sha256(text.encode()).hexdigest()
    if read_mark(tx, name) == rules:
        return state
    write_mark(tx, name, rules)
    if state.watermark is None and state.checkpoint is None:
        return state
    log.info("sync.rules_changed", source=source.name, stream=stream.name)
    anew = replace(state, full_from=_reach(source, state), checkpoint=None, began_at=None)
    save_stream(tx, anew)
    return anew


def _rules(source: Source, stream: Stream) -> str:
    rules = [] if stream.rules is None else [stream.rules(source.context)]
    if stream.fields_of is not None:
        rules.append(repr(sorted(named_fields(source, stream.fields_of).items())))
    return "\n".join(rules)


def named_fields(source: Source, kind: str) -> Mapping[str, str]:
    """The custom fields of a kind of record that the settings name: our name to the vendor's id."""
    return source.context.fields.get(kind, {})


def _reach(source: Source, state: StreamState) -> datetime:
    return min(source.since, state.since or source.since, state.full_from or source.since)
