"""Funnels as ladders: in which order the stages of a funnel follow each other, and how far each
deal of a period has come, by the stage history and by where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from kpi.past import Past
from store.fact import DealState
from store.table import DEAL, SourceRow, StageChangeRow, StageRow, table_of

_STAGE, _CHANGE, _SOURCE = table_of(StageRow), table_of(StageChangeRow), table_of(SourceRow)

Funnel = tuple[int, str]
"""A source and a funnel of it."""


@dataclass(frozen=True)
class Ladder:
    """The stages of a funnel that lead to a win, in order; a lost stage is no rung.

    `name`: the funnel's id; a second source's funnel of the same id has its source before it.
    `last_open`: the stage just before the win.
    """

    name: str
    stages: Sequence[str]
    ranks: Mapping[str, int]
    last_open: str | None

    def rank(self, stage: str) -> int:
        """The place of a stage, from 0; -1 of one that is no rung."""
        return self.ranks.get(stage, -1)

    def first_of(self, stages: Sequence[str]) -> int | None:
        """The lowest rung among these stages; None if the funnel has none of them."""
        return min((self.ranks[each] for each in stages if each in self.ranks), default=None)


class Climb(NamedTuple):
    """A deal of a funnel and the highest rung it ever stood on; one never left is passed."""

    source_id: int
    source: str
    ref: str
    at: datetime
    manager_id: int | None
    lead_ref: str | None
    ladder: Ladder
    highest: int


def read_ladders(past: Past) -> Mapping[Funnel, Ladder]:
    """Every funnel that has stages; all its won stages are one last rung."""
    query = select(_STAGE, _SOURCE.c.name.label("source")).join(
        _SOURCE, _SOURCE.c.id == _STAGE.c.source_id
    )
    found: dict[Funnel, list[tuple[bool, int, str]]] = {}
    names = {}
    for row in past.tx.execute(query):
        if row.state != DealState.LOST:
            rung = (row.state == DealState.WON, row.sort, row.ref)
            found.setdefault((row.source_id, row.pipeline_ref), []).append(rung)
        names[row.source_id] = row.source
    ladders, taken = {}, set[str]()
    for (source_id, funnel), rungs in sorted(found.items()):
        name = funnel if funnel not in taken else f"{names[source_id]}:{funnel}"
        taken.add(name)
        ladders[source_id, funnel] = _ladder(name, sorted(rungs))
    return ladders


def climbs(past: Past, *which: ColumnElement[bool]) -> Iterator[Climb]:
    """How far the deals that are so have come, in each funnel they were in."""
    ladders, deal = past.of(read_ladders), DEAL.c
    born = (
        select(
            deal.source_id,
            deal.ref,
            deal.pipeline_ref,
            deal.stage_ref,
            _SOURCE.c.name.label("source"),
            deal.created_at,
            deal.created_by,
            deal.lead_ref,
        )
        .join(_SOURCE, _SOURCE.c.id == deal.source_id)
        .where(deal.removed_at.is_(None), *which)
        .order_by(deal.source_id, deal.ref)
    )
    moved = _moves(past, *which)
    for row in past.tx.execute(born):
        stood = [(row.pipeline_ref, row.stage_ref), *moved.get((row.source_id, row.ref), ())]
        highest: dict[str, int] = {}
        for funnel, stage in stood:
            if ladder := ladders.get((row.source_id, funnel)):
                highest[funnel] = max(ladder.rank(stage), highest.get(funnel, -1))
        head = (row.source_id, row.source, row.ref, row.created_at, row.created_by, row.lead_ref)
        for funnel, rank in highest.items():
            yield Climb(*head, ladders[row.source_id, funnel], rank)


def _moves(
    past: Past, *which: ColumnElement[bool]
) -> Mapping[tuple[int, str], Sequence[tuple[str, str]]]:
    """The (funnel, stage) of every arrival of these deals."""
    deal = DEAL.c
    is_its = (_CHANGE.c.source_id == deal.source_id) & (_CHANGE.c.record_ref == deal.ref)
    query = (
        select(deal.source_id, deal.ref, _CHANGE.c.pipeline_ref, _CHANGE.c.stage_ref)
        .join_from(DEAL, _CHANGE, is_its)
        .where(_CHANGE.c.kind == DEAL.name, *which)
    )
    found: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for source_id, ref, funnel, stage in past.tx.execute(query):
        found.setdefault((source_id, ref), []).append((funnel, stage))
    return found


def _ladder(name: str, rungs: Sequence[tuple[bool, int, str]]) -> Ladder:
    open_stages = [ref for is_won, _, ref in rungs if not is_won]
    won = [ref for is_won, _, ref in rungs if is_won]
    ranks = {ref: at for at, ref in enumerate(open_stages)} | dict.fromkeys(won, len(open_stages))
    last_open = open_stages[-1] if open_stages else None
    return Ladder(name, [*open_stages, *won[:1]], ranks, last_open)
