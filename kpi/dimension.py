"""By what a sum can be told apart: the value of a record, and how that value is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select

from store.table import StageRow, table_of

_STAGE = table_of(StageRow)
_OWN = ":"
"""Before a value that is called what it is, and has no name to look up."""

Columns = Mapping[str, ColumnElement[Any]]
Labels = Mapping[tuple[int, str], str]
"""What a value of a source is called."""


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """`member`: the value of a record; `labels`: the names of values, where they have any."""

    member: Callable[[Columns], ColumnElement[str]]
    labels: Callable[[Connection], Labels] | None = None


def dimension_of(name: str) -> Dimension:
    """The dimension a declaration names in `by`: a known one, or a column of text."""
    known = _KNOWN.get(name)
    return known or Dimension(member=lambda columns: func.coalesce(columns[name], ""))


def label_of(labels: Labels | None, source_id: int, member: str) -> str | None:
    """What a value is called; None stands for what is not filled in."""
    if labels is None or member.startswith(_OWN):
        return member.removeprefix(_OWN).strip() or None
    return labels.get((source_id, member), "").strip() or None


def _stage_names(tx: Connection) -> Labels:
    query = select(_STAGE.c.source_id, _STAGE.c.pipeline_ref, _STAGE.c.ref, _STAGE.c.name)
    return {(row[0], f"{row[1]}/{row[2]}"): row[3] for row in tx.execute(query)}


def _reason(columns: Columns) -> ColumnElement[str]:
    # A vendor without reasons of its own tells them by the stage in which a deal was lost.
    stage = columns["pipeline_ref"] + "/" + columns["stage_ref"]
    return func.coalesce(literal(_OWN) + columns["reason"], stage)


_KNOWN = {"reason": Dimension(member=_reason, labels=_stage_names)}
