"""Finds the manager behind an account, and keeps that answer in step with settings and accounts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection

from config.settings import ManagerEntry
from store import directory
from store.directory import Alias
from store.upsert import Place
from sync.person import FIRST_DAY, LAST_DAY, match_people
from sync.same_person import KnownAccount


class People:
    """Answers which manager an account was on a day; nobody known is None."""

    def __init__(self, aliases: Iterable[Alias], hidden: set[int]) -> None:
        self._always: dict[int, dict[str, int]] = defaultdict(dict)
        self._spans: dict[Place, list[Alias]] = defaultdict(list)
        for alias in aliases:
            if alias.manager_id in hidden:
                continue
            if (alias.from_day, alias.to_day) == (FIRST_DAY, LAST_DAY):
                self._always[alias.source_id][alias.ref] = alias.manager_id
            else:
                self._spans[alias.source_id, alias.ref].append(alias)

    def manager(self, source_id: int, ref: str | None, day: int) -> int | None:
        """The manager's id on the local day YYYYMMDD, or None."""
        if ref is None:
            return None
        return self._always[source_id].get(ref) or self._on_day(source_id, ref, day)

    def on(self, source_id: int, day: int) -> Callable[[str], int | None]:
        """`manager` of one source and day."""
        if not self._spans:
            return self._always[source_id].get
        return lambda ref: self.manager(source_id, ref, day)

    def _on_day(self, source_id: int, ref: str, day: int) -> int | None:
        for span in self._spans.get((source_id, ref), ()):
            if span.from_day <= day <= span.to_day:
                return span.manager_id
        return None


def load_people(tx: Connection) -> People:
    """The people as they were last applied to the facts."""
    return People(directory.aliases(tx), directory.hidden_managers(tx))


def update_people(tx: Connection, entries: Iterable[ManagerEntry]) -> set[Place]:
    """Matches people anew; returns the accounts that are now someone else than before."""
    ids = directory.manager_ids(tx)
    accounts = [KnownAccount(*row) for row in directory.known_accounts(tx)]
    sources, telephony = directory.source_ids(tx), directory.telephony_ids(tx)
    roster = match_people(accounts, entries, sources, ids, telephony)
    before, hidden_before = directory.aliases(tx), directory.hidden_managers(tx)
    for person in roster.people.values():
        if person.former_key in ids and person.key not in ids:
            directory.rename_key(tx, person.former_key, person.key)
    ids = directory.put_managers(
        tx,
        {each.key: (each.name, each.listed, each.hidden) for each in roster.people.values()},
    )
    after = [
        Alias(span.source_id, span.ref, span.from_day, span.to_day, ids[span.key])
        for span in roster.spans
    ]
    if set(after) != set(before):
        directory.replace_aliases(tx, after)
    hidden = directory.hidden_managers(tx)
    return _moved(_visible(before, hidden_before), _visible(after, hidden))


def _visible(aliases: Iterable[Alias], hidden: set[int]) -> Mapping[Place, set[Alias]]:
    spans: dict[Place, set[Alias]] = defaultdict(set)
    for alias in aliases:
        if alias.manager_id not in hidden:
            spans[alias.source_id, alias.ref].add(alias)
    return spans


def _moved(before: Mapping[Place, set[Alias]], after: Mapping[Place, set[Alias]]) -> set[Place]:
    return {
        place for place in {*before, *after} if before.get(place, set()) != after.get(place, set())
    }
