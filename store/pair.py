"""Which calls of a CRM and of a telephone system are one conversation: by id, else by likeness.

Letters of a CRM and of a mailbox are paired likewise, see `store.letter_twin`.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from store.upsert import Place

AROUND_MS = 60_000, 180_000
"""A CRM is told of a call when it rings, is answered, or is over: it may begin there so much before
the call or after its end."""

Link = tuple[Place, Place]
"""A call of a CRM and the call of a telephone system that it was told of by id."""


class Heard(NamedTuple):
    """A call as one system tells of it; `managers` are those credited. Moments in milliseconds."""

    source_id: int
    ref: str
    leg_ref: str
    started_ms: int
    lasted_s: int
    direction: int
    client_hash: str | None
    managers: frozenset[int] = frozenset()

    @property
    def place(self) -> Place:
        """By what it is told from all others."""
        return self.source_id, self.ref

    @property
    def ended_ms(self) -> int:
        """When it ended, as far as anybody knows."""
        return self.started_ms + self.lasted_s * 1000


def pair(
    calls: Iterable[Heard],
    links: Collection[Link],
    telephony: Collection[int],
    around_ms: tuple[int, int] = AROUND_MS,
) -> list[Link]:
    """Each call of a CRM at most once, with the call of a telephone system that it is a copy of.

    Calls that the CRM was told of by id first; of the rest those nearest in time, one to one, of
    one number, direction and person. `around_ms`: how long before the start and after the end of
    the one the other may begin.
    """
    by_place = {call.place: call for call in calls}
    pairs = {mine: theirs for mine, theirs in sorted(links, reverse=True)
             if mine in by_place and theirs in by_place}  # fmt: skip
    taken = {(mine[0], theirs) for mine, theirs in pairs.items()}
    for _, mine, theirs in sorted(_likely(by_place.values(), telephony, around_ms)):
        if mine not in pairs and (mine[0], theirs) not in taken:
            pairs[mine] = theirs
            taken.add((mine[0], theirs))
    return sorted(pairs.items())


def _likely(
    calls: Collection[Heard], telephony: Collection[int], around_ms: tuple[int, int]
) -> Iterator[tuple[int, Place, Place]]:
    """Pairs that may be one conversation, with how far apart in time they are."""
    heard: dict[tuple[str, int], list[Heard]] = {}
    for call in calls:
        if call.source_id in telephony and call.client_hash:
            heard.setdefault((call.client_hash, call.direction), []).append(call)
    for mine in calls:
        if mine.source_id in telephony or not mine.client_hash:
            continue
        for theirs in heard.get((mine.client_hash, mine.direction), ()):
            if _may_be(mine, theirs, around_ms):
                distance = min(
                    abs(mine.started_ms - theirs.started_ms), abs(mine.started_ms - theirs.ended_ms)
                )
                yield distance, mine.place, theirs.place


def _may_be(mine: Heard, theirs: Heard, around_ms: tuple[int, int]) -> bool:
    if mine.managers and theirs.managers and not mine.managers & theirs.managers:
        return False
    before_ms, after_ms = around_ms
    return theirs.started_ms - before_ms <= mine.started_ms <= theirs.ended_ms + after_ms
