"""Who saw each call, kept beside it in `seen`; its twin is the leg by which the other system tells
of it. What a telephone system tells counts, a CRM's copy does not: the CRM only knows better which
client it was.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from store.call import CALL_LEG, TWIN, WAITS, Changed, Touched
from store.directory import telephony_ids
from store.fact import Seen
from store.mark import read_mark, write_mark
from store.moment import DAY_MS
from store.pair import Heard, Link, pair
from store.table import CALL, OF_TEAM, TEAM
from store.upsert import Place, Row, amend_rows, by_source, find_among, find_rows

COMPARED = "calls.compared"
"""The mark of the stretch of time in which both systems have told everything."""

_REACH_MS = DAY_MS
"""A call may change the twin of others that began at most a day earlier or later."""

_COLUMNS = ("source_id", "ref", "leg_ref", "started_at", "lasted_s", "direction", "client_hash")
_KNOWN = ("seen", *TWIN)


class Verdict(NamedTuple):
    """What is kept of a call: who saw it, and the leg by which the other system tells of it."""

    seen: int
    twin_source_id: int | None = None
    twin_ref: str | None = None


class Stretch(NamedTuple):
    """Calls begun at or after `first_ms` and before `end_ms` are compared."""

    first_ms: int
    end_ms: int

    def holds(self, moment_ms: int) -> bool:
        """Whether a call begun then is compared."""
        return self.first_ms <= moment_ms < self.end_ms


def read_compared(tx: Connection) -> Stretch:
    """The stretch that was compared last; an empty one when there is none."""
    text = read_mark(tx, COMPARED) or "0 0"
    first, end = text.split()
    return Stretch(int(first), int(end))


def write_compared(tx: Connection, stretch: Stretch) -> None:
    """Calls of this stretch without a twin are one system's alone."""
    write_mark(tx, COMPARED, f"{stretch.first_ms} {stretch.end_ms}")


def settle_twins(tx: Connection, changed: Changed, *, journal: bool) -> Touched:
    """Puts right who saw these calls of a source, and those near them; where that changed."""
    telephony = telephony_ids(tx)
    if not telephony:
        return set()
    mine = {(changed.source_id, ref) for ref in changed.refs}
    mine |= {*_calls_of(tx, changed.twin_legs).values()}
    mine |= {(source_id, ref) for _, source_id, ref in _by_outer(tx, changed.names)}
    known: dict[Place, Verdict] = {}
    calls = _by_place(tx, _told_of(_links(tx, telephony, mine)) | mine, known)
    # What is told by id may be far from what changed, and others near it.
    direct = {*calls}
    touched = {*changed.touched, *_positions(calls.values())}
    near = _near(tx, touched, known)
    calls |= near
    links = _links(tx, telephony, calls.keys())
    calls |= _by_place(tx, _told_of(links) - calls.keys(), known)
    calls = {call.place: call for call in _with_managers(tx, calls.values(), telephony)}
    moments = [at for _, at in touched]
    first, last = min(moments, default=0) - _REACH_MS, max(moments, default=0) + _REACH_MS
    wrong = {
        place: verdict
        for place, verdict in _verdicts(tx, calls, links, telephony).items()
        if (verdict != known[place] or place in changed.mixed)
        and (place in direct or (place in near and first <= calls[place].started_ms <= last))
    }
    _write(tx, wrong, journal=journal)
    return _positions(calls[place] for place in wrong)


def _told_of(links: Iterable[Link]) -> set[Place]:
    return {place for link in links for place in link}


def _positions(calls: Iterable[Heard]) -> Touched:
    return {(call.client_hash, call.started_ms) for call in calls if call.client_hash is not None}


class Twin(NamedTuple):
    """A call or letter as the other system tells of it: there it is counted for nothing.

    `begun_ms`: when it began by that; `talk_s`: None of a letter.
    """

    source_id: int
    ref: str
    begun_ms: int
    talk_s: int | None


def tell_twins(tx: Connection, places: Iterable[Place]) -> dict[Place, Twin]:
    """What the other system says of these calls, where it knows them."""
    legs: dict[Place, Place] = {}
    for source_id, refs in by_source(places).items():
        for ref, place, leg_ref in find_rows(tx, CALL, ("ref", *TWIN), source_id, refs):
            if place is not None:
                legs[source_id, ref] = place, leg_ref
    calls = _calls_of(tx, legs.values())
    told: dict[Place, Twin] = {}
    for source_id, refs in by_source(calls.values()).items():
        names = ("ref", "started_at", "talk_s", "manager_id")
        for *call, manager_id in find_rows(tx, CALL, names, source_id, refs):
            if manager_id == TEAM:
                told[source_id, call[0]] = Twin(source_id, *call)
    twins = {mine: told.get(calls[leg]) for mine, leg in legs.items() if leg in calls}
    return {mine: twin for mine, twin in twins.items() if twin is not None}


def _calls_of(tx: Connection, legs: Iterable[Place]) -> dict[Place, Place]:
    """The calls to which these legs belong."""
    return {
        (source_id, ref): (source_id, call_ref)
        for source_id, refs in by_source(legs).items()
        for ref, call_ref in find_rows(tx, CALL_LEG, ("ref", "call_ref"), source_id, refs)
    }


def _write(tx: Connection, wrong: Mapping[Place, Verdict], *, journal: bool) -> None:
    """Keeps what was found out about calls; a copy ends no wait."""
    copies, others = {}, {}
    for place, verdict in wrong.items():
        if verdict.seen == Seen.COPY:
            copies[place] = dict.fromkeys(WAITS) | verdict._asdict()
        else:
            others[place] = verdict._asdict()
    for news in (copies, others):
        amend_rows(tx, CALL, news, journal=journal)


def _verdicts(
    tx: Connection,
    calls: Mapping[Place, Heard],
    links: Collection[Link],
    telephony: Collection[int],
) -> dict[Place, Verdict]:
    compared = read_compared(tx)
    alone = {True: Seen.PBX_ONLY, False: Seen.CRM_ONLY}
    found = {
        place: Verdict(
            alone[place[0] in telephony] if compared.holds(call.started_ms) else Seen.OPEN
        )
        for place, call in calls.items()
    }
    for mine, theirs in reversed(pair(calls.values(), links, telephony)):
        found[mine] = Verdict(Seen.COPY, theirs[0], calls[theirs].leg_ref)
        found[theirs] = Verdict(Seen.BOTH, mine[0], calls[mine].leg_ref)
    return found


def _near(tx: Connection, touched: Touched, known: dict[Place, Verdict]) -> dict[Place, Heard]:
    """The calls of these numbers that say something of those within reach of the moments."""
    if not touched:
        return {}
    moments = [at for _, at in touched]
    given = (min(moments) - 2 * _REACH_MS, max(moments) + 2 * _REACH_MS)
    rows = find_among(
        tx, CALL, (*_COLUMNS, *_KNOWN), {number for number, _ in touched}, by="client_hash",
        where=f"{OF_TEAM} AND started_at BETWEEN {{}} AND {{}}", given=given,
    )  # fmt: skip
    return _read(rows, known)


def _by_place(
    tx: Connection, places: Iterable[Place], known: dict[Place, Verdict]
) -> dict[Place, Heard]:
    found: dict[Place, Heard] = {}
    for source_id, refs in by_source(places).items():
        names = (*_COLUMNS, *_KNOWN, "manager_id")
        rows = find_rows(tx, CALL, names, source_id, refs)
        found |= _read((row[:-1] for row in rows if row[-1] == TEAM), known)
    return found


def _read(rows: Iterable[Sequence[object]], known: dict[Place, Verdict]) -> dict[Place, Heard]:
    found = {}
    for row in rows:
        call = Heard(*row[: len(_COLUMNS)])  # type: ignore[arg-type]
        known[call.place] = Verdict(*row[len(_COLUMNS) :])  # type: ignore[arg-type]
        found[call.place] = call
    return found


def _with_managers(
    tx: Connection, calls: Iterable[Heard], telephony: Collection[int]
) -> list[Heard]:
    """The calls with who is credited, where there is anything to compare."""
    every = list(calls)
    if len({call.source_id in telephony for call in every}) < 2:
        return every
    people: dict[Place, set[int]] = {}
    for source_id, refs in by_source(call.place for call in every).items():
        for ref, manager_id in find_rows(tx, CALL, ("ref", "manager_id"), source_id, refs):
            if manager_id != TEAM:
                people.setdefault((source_id, ref), set()).add(manager_id)
    return [call._replace(managers=frozenset(people.get(call.place, ()))) for call in every]


def _links(tx: Connection, telephony: Collection[int], places: Collection[Place]) -> set[Link]:
    """What was told by id: of these calls, and of any other that has to do with them."""
    links: set[Link] = set()
    seen: set[Place] = set()
    waiting = {*places}
    while waiting:
        seen |= waiting
        links |= _told_by(tx, telephony, _names(tx, telephony, waiting))
        waiting = _told_of(links) - seen
    return links


def _names(tx: Connection, telephony: Collection[int], places: Iterable[Place]) -> set[str]:
    """The ids of these calls: all that a telephone system has, in a CRM those it was told."""
    found: set[str] = set()
    for source_id, refs in by_source(places).items():
        names = ("ref", "call_ref", "outer_ref") if source_id in telephony else ("outer_ref",)
        for row in find_rows(tx, CALL_LEG, names, source_id, refs, by="call_ref"):
            found.update(filter(None, row))
    return found


def _told_by(tx: Connection, telephony: Collection[int], names: Collection[str]) -> set[Link]:
    """The calls that a CRM was told of by one of these ids."""
    told: list[tuple[str, Place]] = []
    meant: dict[str, set[Place]] = {}
    for outer, source_id, ref in _by_outer(tx, names):
        if source_id in telephony:
            meant.setdefault(outer, set()).add((source_id, ref))
        else:
            told.append((outer, (source_id, ref)))
    for source_id in telephony if told else ():
        for by in ("ref", "call_ref"):
            wanted = {outer for outer, _ in told}
            for name, ref in find_rows(tx, CALL_LEG, (by, "call_ref"), source_id, wanted, by=by):
                meant.setdefault(name, set()).add((source_id, ref))
    return {(mine, theirs) for outer, mine in told for theirs in meant.get(outer, ())}


def _by_outer(tx: Connection, names: Collection[str]) -> Iterator[Row]:
    """The calls with a leg of which a CRM is told by one of these ids: (id, source, call)."""
    return find_among(
        tx, CALL_LEG, ("outer_ref", "source_id", "call_ref"), names, by="outer_ref",
        where="outer_ref IS NOT NULL", given=(),
    )  # fmt: skip
