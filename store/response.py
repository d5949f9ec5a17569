"""How soon a person did something about a lead; kept beside the lead in `response_s`.

A human action is a call made to the client, answered or not, or a talk of whoever rang; a letter
that a person sent; a meeting that was held. It belongs to the lead, or to a deal made from it: a
vendor hands a lead's records over to the deal. A talk that began before the lead was there led to
it, and answers it at once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from config.work_calendar import WorkCalendar
from store.call import CALL_LEG
from store.fact import Direction, EmailKind, MeetingState
from store.table import DEAL, EMAIL, LEAD, MEETING, OF_LEAD
from store.upsert import amend_rows, find_among, find_rows

_LEAD, _DEAL = "lead:", "deal:"
_LEG = ("client_ref", "user_ref", "direction", "talk_s", "started_at")
_ABOUT = ("about_ref", "begun_at", "removed_at")


class Action(NamedTuple):
    """Something done about a record, at a moment in milliseconds; `leads_to`: it may have led to
    the record."""

    about_ref: str
    at_ms: int
    leads_to: bool = False


class _Known(NamedTuple):
    """A lead as stored."""

    ref: str
    created_ms: int
    response_s: int | None
    response_work_s: int | None
    removed_at: int | None


def leads_of(tx: Connection, source_id: int, about_refs: Iterable[str | None]) -> set[str]:
    """The leads that letters, meetings or calls about these records are about."""
    refs = set(filter(None, about_refs))
    deals = {ref.removeprefix(_DEAL) for ref in refs if ref.startswith(_DEAL)}
    made = {lead for (lead,) in find_rows(tx, DEAL, ("lead_ref",), source_id, deals) if lead}
    return made | {ref.removeprefix(_LEAD) for ref in refs if ref.startswith(_LEAD)}


def abouts(tx: Connection, source_id: int, refs: Iterable[str]) -> set[str | None]:
    """What the stored letters and meetings with these ids are about."""
    wanted = list(refs)
    rows = (find_rows(tx, table, ("about_ref",), source_id, wanted) for table in (EMAIL, MEETING))
    return {about for (about,) in chain.from_iterable(rows)}


def settle_responses(
    tx: Connection,
    source_id: int,
    leads: Collection[str],
    calendar: WorkCalendar,
    *,
    journal: bool,
) -> int:
    """Puts the responses right on these leads; how many it changed."""
    rows = find_rows(tx, LEAD, ("ref", "created_at", *_Known._fields[2:]), source_id, leads)
    known = [lead for lead in map(_Known._make, rows) if lead.removed_at is None]
    first = _first_actions(tx, source_id, {lead.ref: lead.created_ms for lead in known})
    wrong = {}
    for lead in known:
        right = _response(lead.created_ms, first.get(lead.ref), calendar)
        if right != (lead.response_s, lead.response_work_s):
            news = zip(("response_s", "response_work_s"), right, strict=True)
            wrong[source_id, lead.ref] = dict(news)
    return amend_rows(tx, LEAD, wrong, journal=journal)


def _response(
    created_ms: int, first_ms: int | None, calendar: WorkCalendar
) -> tuple[int | None, int | None]:
    if first_ms is None:
        return None, None
    return (first_ms - created_ms) // 1000, calendar.work_ms(created_ms, first_ms) // 1000


def _first_actions(tx: Connection, source_id: int, created: Mapping[str, int]) -> dict[str, int]:
    """When somebody first acted on each of the leads (with their creation), if anybody did."""
    about = {f"{_LEAD}{ref}": ref for ref in created}
    names = ("ref", "lead_ref", "removed_at")
    for ref, lead, removed_at in find_rows(tx, DEAL, names, source_id, created, by="lead_ref"):
        if removed_at is None:
            about[f"{_DEAL}{ref}"] = lead
    found: dict[str, int] = {}
    for action in _actions(tx, source_id, about):
        ref = about[action.about_ref]
        at = max(action.at_ms, created[ref]) if action.leads_to else action.at_ms
        if created[ref] <= at <= found.get(ref, at):
            found[ref] = at
    return found


def _actions(tx: Connection, source_id: int, about: Collection[str]) -> Iterator[Action]:
    by_id, given = f"source_id = {{}} AND {OF_LEAD}", (source_id,)
    for about_ref, user_ref, direction, talk_s, at in find_among(
        tx, CALL_LEG, _LEG, about, by="client_ref", where=by_id, given=given
    ):
        if user_ref is not None and (talk_s > 0 or direction == Direction.OUT):
            yield Action(about_ref, at, leads_to=talk_s > 0)
    letters = find_rows(tx, EMAIL, (*_ABOUT, "direction", "kind"), source_id, about, by="about_ref")
    for about_ref, at, removed_at, *state in letters:
        if removed_at is None and state == [Direction.OUT, EmailKind.PERSONAL]:
            yield Action(about_ref, at)
    meetings = find_rows(tx, MEETING, (*_ABOUT, "state"), source_id, about, by="about_ref")
    for about_ref, at, removed_at, held in meetings:
        if removed_at is None and held == MeetingState.HELD:
            yield Action(about_ref, at)
