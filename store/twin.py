"""Who saw each call, kept beside it in `seen`; its twin is the leg by which the other system tells
of it. What a telephone system tells counts, a CRM's copy does not: the CRM only knows better which
client it was.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from store.call import CALL_LEG, TWIN, WAITS, Changed, Touched
from store.directory import telephony_ids
from store.fact import Seen
from store.mark import read_mark, write_mark
from store.moment import DAY_MS
from store.pair import Heard, Link, pair
from store.table import CALL, OF_TEAM, TEAM
from store.upsert import Place, amend_rows, by_source, find_among, find_rows

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
    known: dict[Place, Verdict] = {}
    calls = _by_place(tx, _told_of(_links(tx, telephony, mine)) | mine, known)
    # What is told by id may be far from what changed, and others near it.
    direct = {*calls}
    touched = {*changed.touched, *_positions(calls.values())}
    calls |= _near(tx, touched, known)
    links = _links(tx, telephony, calls.keys())
    calls |= _by_place(tx, _told_of(links) - calls.keys(), known)
    calls = {call.place: call for call in _with_managers(tx, calls.values(), telephony)}
    moments = [at for _, at in touched]
    first, last = min(moments, default=0) - _REACH_MS, max(moments, default=0) + _REACH_MS
    wrong = {
        place: verdict
        for place, verdict in _verdicts(tx, calls, links, telephony).items()
        if (verdict != known[place] or place in changed.mixed)
        and (place in direct or first <= calls[place].started_ms <= last)
    }
    _write(tx, wrong, journal=journal)
    return _positions(calls[place] for place in wrong)


def _told_of(links: Iterable[Link]) -> set[Place]:
    return {place for link in links for place in link}


def _positions(calls: Iterable[Heard]) -> Touched:
    return {(call.client_hash, call.started_ms) for call in calls if call.client_hash is not None}


class Twin(NamedTuple):
    """A call as the other system tells of it: there it is counted for nothing."""

    source_id: int
    ref: str
    talk_s: int


def tell_twins(tx: Connection, places: Iterable[Place]) -> dict[Place, Twin]:
    """What the other system says of these calls, where it knows them."""
    legs: dict[Place, Place] = {}
    for source_id, refs in by_source(places).items():
        for ref, place, leg_ref in find_rows(tx, CALL, ("ref", *TWIN), source_id, refs):
            if place is not None:
                legs[source_id, ref] = place, leg_ref
    calls = _calls_of(tx, legs.values())
    talks: dict[Place, int] = {}
    for source_id, refs in by_source(calls.values()).items():
        names = ("ref", "manager_id", "talk_s")
        for ref, manager_id, talk_s in find_rows(tx, CALL, names, source_id, refs):
            if manager_id == TEAM:
                talks[source_id, ref] = talk_s
    return {
        mine: Twin(*calls[leg], talks.get(calls[leg], 0))
        for mine, leg in legs.items()
        if leg in calls
    }


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
    """What was told by id: of these calls, and of any other that a telephone system's call of them
    has to do with."""
    outers: set[str] = set()
    heard = {place for place in places if place[0] in telephony}
    for source_id, refs in by_source(place for place in places if place not in heard).items():
        legs = find_rows(tx, CALL_LEG, ("outer_ref",), source_id, refs, by="call_ref")
        outers |= {outer for (outer,) in legs if outer}
    for source_id in telephony if outers else ():
        for by in ("ref", "call_ref"):
            legs = find_rows(tx, CALL_LEG, ("call_ref",), source_id, outers, by=by)
            heard |= {(source_id, call_ref) for (call_ref,) in legs}
    named: dict[str, set[Place]] = {}
    for source_id, refs in by_source(heard).items():
        names = ("ref", "call_ref")
        for ref, call_ref in find_rows(tx, CALL_LEG, names, source_id, refs, by="call_ref"):
            for name in (ref, call_ref):
                named.setdefault(name, set()).add((source_id, call_ref))
    tellers = find_among(
        tx, CALL_LEG, ("outer_ref", "source_id", "call_ref"), named, by="outer_ref",
        where="outer_ref IS NOT NULL", given=(),
    )  # fmt: skip
    return {
        ((source_id, call_ref), theirs)
        for outer, source_id, call_ref in tellers
        if source_id not in telephony
        for theirs in named[outer]
    }
