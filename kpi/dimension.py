"""By what a sum can be told apart: the value of a record, and how that value is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from store.table import StageRow, table_of

_STAGE = table_of(StageRow)

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
    label = member if labels is None else labels.get((source_id, member), "")
    return label.strip() or None


def _stage_names(tx: Connection) -> Labels:
    query = select(_STAGE.c.source_id, _STAGE.c.pipeline_ref, _STAGE.c.ref, _STAGE.c.name)
    return {(row[0], f"{row[1]}/{row[2]}"): row[3] for row in tx.execute(query)}


_KNOWN = {
    # A vendor without reasons of its own tells them by the stage in which a deal was lost.
    "reason": Dimension(
        member=lambda columns: columns["pipeline_ref"] + "/" + columns["stage_ref"],
        labels=_stage_names,
    ),
}
